import { describe, expect, test } from '@jest/globals';
import { compareVersions, configCommand, hashCommand, parseHashes, upCommands, type ComposeCall } from './command.js';

const call: ComposeCall = {
  project: 'shop',
  directory: '/srv/shop',
  files: ['/srv/shop/docker-compose.yml', '/srv/shop/.homeport/scale.yml'],
  envFile: '/srv/shop/.env',
  profiles: ['full'],
};
const project =
  '-p shop --project-directory /srv/shop -f /srv/shop/docker-compose.yml -f /srv/shop/.homeport/scale.yml --env-file /srv/shop/.env --profile full';
const text = (commands: string[][]): string[] => commands.map((argv) => argv.join(' '));

test('the resolved project', () => {
  expect(configCommand(call).join(' ')).toBe(`${project} config --format json`);
});

test('the hashes of a resolved project from standard input', () => {
  expect(hashCommand({ project: 'shop', directory: '/srv/shop', files: ['-'] }).join(' ')).toBe(
    '-p shop --project-directory /srv/shop -f - config --no-normalize --no-consistency --hash *',
  );
});

describe('up, since --no-deps keeps the hash (docker/compose#12069)', () => {
  const composeVersion = '2.29.3';

  test('one call', () => {
    expect(text(upCommands(call, ['web'], { composeVersion }))).toEqual([
      `${project} up -d --no-deps --no-build --pull never web`,
    ]);
  });

  test('with force, for several services, and created only', () => {
    expect(text(upCommands(call, ['web', 'worker'], { composeVersion, forceRecreate: true }))).toEqual([
      `${project} up -d --no-deps --no-build --pull never --force-recreate web worker`,
    ]);
    expect(text(upCommands(call, ['migrate'], { composeVersion, createOnly: true }))).toEqual([
      `${project} up --no-start --no-deps --no-build --pull never migrate`,
    ]);
  });
});

describe('up, before that', () => {
  const composeVersion = '2.26.1-4';

  test('creates with the dependencies in sight, then starts', () => {
    expect(text(upCommands(call, ['web'], { composeVersion }))).toEqual([
      `${project} up --no-start --no-build --pull never web`,
      `${project} up -d --no-deps --no-recreate --no-build --pull never web`,
    ]);
  });

  test('with force only the creation is forced', () => {
    expect(text(upCommands(call, ['web'], { composeVersion, forceRecreate: true }))).toEqual([
      `${project} up --no-start --no-build --pull never --force-recreate web`,
      `${project} up -d --no-deps --no-recreate --no-build --pull never web`,
    ]);
  });

  test('created only', () => {
    expect(text(upCommands(call, ['migrate'], { composeVersion, createOnly: true }))).toEqual([
      `${project} up --no-start --no-build --pull never migrate`,
    ]);
  });
});

test('no call ever removes orphans, says yes, or waits by itself', () => {
  for (const composeVersion of ['2.20.0', '2.40.3']) {
    const words = upCommands(call, ['web'], { composeVersion, forceRecreate: true }).flat();
    expect(
      words.filter((word) => ['--remove-orphans', '-y', '--yes', '--wait', '--dry-run', '-V'].includes(word)),
    ).toEqual([]);
  }
});

test.each([
  ['2.29.3', '2.29.3', 0],
  ['v2.40.3-3', '2.9.0', 1],
  ['2.26.1-4', '2.29.3', -1],
  ['2.20', '2.20.0', 0],
  ['5.5.0', '2.29.3', 1],
  ['2.27.0-rc.1', '2.27', 0],
])('version %s against %s is %d', (one, other, result) => {
  expect(compareVersions(one, other)).toBe(result);
});

test('hashes are read, whatever else is printed', () => {
  const [a, b] = ['a'.repeat(64), 'b'.repeat(64)];
  expect(parseHashes(`time="…" level=warning msg="x"\nweb ${a}\nmy_db-1 ${b}\n`)).toEqual(
    new Map([
      ['web', a],
      ['my_db-1', b],
    ]),
  );
});
