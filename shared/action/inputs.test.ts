import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { thrownBy } from '../config/test-folder.js';
import { notYetInInputs } from './not-yet.js';
import { deployInputNames, readDeployInputs, type DeployInputs } from './inputs.js';

const action = parse(readFileSync(resolve(import.meta.dirname, '../../../action-deploy/action.yml'), 'utf8')) as {
  inputs: Record<string, { default?: string; description: string }>;
};

const before = { ...process.env };
beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('INPUT_')) Reflect.deleteProperty(process.env, name);
});
afterEach(() => {
  process.env = { ...before };
});

/** As the runner sets them: upper case, dashes kept. */
function withInputs(inputs: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(inputs)) process.env[`INPUT_${name.toUpperCase()}`] = value;
}

function read(inputs: Readonly<Record<string, string>>): DeployInputs {
  withInputs(inputs);
  return readDeployInputs();
}

const wrongWith = (inputs: Readonly<Record<string, string>>): string[] => thrownBy(() => read(inputs));

test('action.yml and inputs.ts know the same inputs', () => {
  expect([...deployInputNames()].sort()).toEqual(Object.keys(action.inputs).sort());
});

test("action.yml's defaults are the defaults", () => {
  const withoutAny = read({});
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default ?? '']);
  const given = Object.fromEntries(defaults) as Record<string, string>;
  expect(read({ ...given, 'github-token': '' })).toEqual(withoutAny);
});

test('action.yml says of each input that is refused that it is not there yet', () => {
  const asking: Readonly<Record<string, string>> = {
    operation: 'remove',
    source: 'current',
    images: 'web=a@sha256:b',
    services: 'web',
    restart: 'web',
    build: 'fresh',
    backup: 'always',
    'restore-backup': 'release',
    'confirm-timeout': '30s',
    stale: 'allow',
    task: 'vacuum',
    'remove-volumes': 'db',
    deployment: 'create',
  };
  const refused = Object.entries(asking).filter(([name, value]) => {
    for (const other of Object.keys(asking)) Reflect.deleteProperty(process.env, `INPUT_${other.toUpperCase()}`);
    return notYetInInputs(read({ [name]: value })).length > 0;
  });
  const said = Object.entries(action.inputs).filter(([, { description }]) =>
    /not there yet|is there yet/i.test(description),
  );
  expect(said.map(([name]) => name).sort()).toEqual(refused.map(([name]) => name).sort());
});

describe('unknown inputs', () => {
  test('dry_run must not deploy: it names dry-run', () => {
    process.env['INPUT_DRY_RUN'] = 'true';
    expect(thrownBy(() => readDeployInputs())).toEqual(['unknown input "dry_run"; did you mean "dry-run"?']);
  });

  test('one that resembles nothing names what is known', () => {
    expect(wrongWith({ zzzzzzzz: '1' })).toEqual([
      expect.stringMatching(/^unknown input "zzzzzzzz"; known are: operation, dry-run, config, /),
    ]);
  });

  test('an empty one is unknown all the same', () => {
    expect(wrongWith({ hosts: '' })).toEqual(['unknown input "hosts"; did you mean "host"?']);
  });
});

test('all that is wrong is said at once', () => {
  expect(
    wrongWith({
      operation: 'paln',
      sudo: 'yes',
      'connect-timeout': '60',
      scale: 'worker:3',
      rollback: 'off',
      compose_files: 'x',
    }),
  ).toEqual([
    'operation must be deploy or plan or remove, not "paln"; did you mean "plan"?',
    'connect-timeout must be a duration such as 90s or 10m, not "60"',
    'sudo must be true or false, not "yes"',
    'scale must be service=number, such as worker=3, not "worker:3"',
    expect.stringMatching(/^rollback must be auto or never, not "off"/),
    'unknown input "compose_files"; did you mean "compose-files"?',
  ]);
});

test('lists by commas and lines, counts, durations, flags', () => {
  const inputs = read({
    'compose-files': 'a.yml, b.yml\n c.yml \n',
    scale: 'worker=3\nweb = 2',
    'lock-timeout': '1m30s',
    sudo: 'True',
    'dry-run': 'true',
    host: ' deploy@203.0.113.7 ',
  });
  expect(inputs).toMatchObject({
    composeFiles: ['a.yml', 'b.yml', 'c.yml'],
    scale: { worker: 3, web: 2 },
    lockTimeout: 90_000,
    sudo: true,
    operation: 'plan',
    hosts: ['deploy@203.0.113.7'],
  });
});

test('keys and dotenv text arrive to the last character', () => {
  const inputs = read({ 'ssh-private-key': '-----BEGIN X-----\r\nabc\r\n', env: 'A="x\n"\nB= y ' });
  expect(inputs.connection.privateKey).toBe('-----BEGIN X-----\r\nabc\r\n');
  expect(inputs.env).toBe('A="x\n"\nB= y ');
});
