import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EACH_SHELL, numbered, ScriptHost } from '../../test/support/script-host.js';
import { sh } from '../ssh/shell-text.js';
import { engineLock } from './engine-turn.js';
import type { Step } from './steps.js';

const up: Step = { kind: 'up', services: ['web'], retags: [{ reference: 'app:1', id: 'new' }], force: false, createOnly: false }; // prettier-ignore

/** Runs a script in which each `up` fails unless the folder is locked by then. */
function run(host: ScriptHost, place: string, shell?: (typeof EACH_SHELL)[number]['shell']): number | null {
  const held = sh`if flock -n ${place} true; then false; fi`;
  host.write(numbered(up), host.context('after', { up: () => [held] }));
  return host.run('after', shell).status;
}

describe.each(EACH_SHELL)('in $name', ({ shell }) => {
  test('names are moved, and used, under a lock that others can take, and that is free afterwards', () => {
    using host = new ScriptHost();
    const { engineLock: place } = host.context('after');
    expect(run(host, place, shell)).toBe(0);
    expect(statSync(place).mode & 0o777).toBe(0o755);
    expect(host.docker.calls).toEqual(['tag new app:1']);
    host.write(numbered(up), host.context('after', { up: () => [sh`:`] }));
    expect(host.run('after', shell)).toEqual({ status: 0, output: '' });
  });

  test.each<[string, (place: string, elsewhere: string) => void]>([
    [
      'a link',
      (place, elsewhere): void => {
        mkdirSync(elsewhere);
        symlinkSync(elsewhere, place);
      },
    ],
    [
      'a file',
      (place): void => {
        writeFileSync(place, '');
      },
    ],
  ])('%s in its place is not touched: then every user has a lock of their own', (_, put) => {
    using host = new ScriptHost();
    const { engineLock: place } = host.context('after');
    put(place, join(host.folder, 'elsewhere'));
    expect(run(host, join(host.folder, `.${place.split('/').at(-1) ?? ''}`), shell)).toBe(0);
  });
});

test('each engine has its own', () => {
  expect(engineLock('/var/lib/docker')).toMatch(/^\/tmp\/homeport-engine-[0-9a-f]{12}$/);
  expect(engineLock('/home/me/.local/share/docker')).not.toBe(engineLock('/var/lib/docker'));
});
