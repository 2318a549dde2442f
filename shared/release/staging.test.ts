import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { HostFailure, UserError } from '../base/errors.js';
import { layoutOf } from '../host/layout.js';
import { container } from '../../test/support/stack.js';
import { openLocal } from '../ssh/local.js';
import { sh, type ShellText } from '../ssh/shell-text.js';
import type { TarEntry } from '../ssh/ship.js';
import { parseSums } from './host-sums.js';
import { foreseeLabels, stage, type Staged, type Staging } from './staging.js';

// Real sessions and scripts, on a machine that may be busy.
jest.setTimeout(60_000);

const SHELLS: readonly (readonly [string, ...string[]])[] = [['/bin/sh'], ['/bin/bash'], ['/bin/busybox', 'sh']];
const sum = (text: string): string => createHash('sha256').update(text).digest('hex');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport stage's [a|b] & c.d "));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Compose, as far as staging needs it: it prints a model with the folder of its files, and hashes what it is given. */
function staging(more: Partial<Staging> = {}): Staging {
  const layout = layoutOf(join(folder, 'srv', 'shop'));
  const release = layout.release('20261122T021103Z-3f2a1c9');
  const compose = join(folder, 'compose');
  writeFileSync(
    compose,
    `case $1 in
  config)
    if grep -q refused "$2"; then
      echo 'time="x" level=warning msg="obsolete"' >&2
      echo "$2: services.web refused" >&2
      exit 15
    fi
    printf '{"name":"shop","services":{"web":{"environment":{"SECRET":"s3cret"},"volumes":[{"type":"bind","source":"%s/nginx","target":"/x"}]}}}\\n' "\${2%/*}" ;;
  hash) set -- $(sha256sum) && echo "web $1" ;;
esac
`,
  );
  const run = sh`sh ${compose}`;
  return {
    layout,
    release,
    config: sh`${run} config ${`${release.files}/docker-compose.yml`}`,
    hash: sh`${run} hash`,
    watched: [],
    ...more,
  };
}

const compose: TarEntry = { path: 'files/docker-compose.yml', mode: 0o644, content: 'services' };

describe.each(SHELLS.map((argv) => ({ argv, name: argv.join(' ') })))('under $name', ({ argv }) => {
  test('files are staged with their modes and links, beside what serves', async () => {
    const host = openLocal(argv);
    const subject = staging({ watched: ['docker-compose.yml'] });
    await stage(host, subject, [
      compose,
      { path: 'files/bin/run it', mode: 0o755, content: '#!/bin/sh' },
      { path: 'files/.env', mode: 0o600, content: 'A=1' },
      { path: 'files/link', linkTo: 'bin/run it' },
      { path: 'build/Dockerfile', mode: 0o644, content: 'FROM scratch' },
    ]);
    await host.close();
    const { directory, files } = subject.release;
    const modes = ['docker-compose.yml', 'bin', 'bin/run it', '.env', ''].map(
      (name) => statSync(join(files, name)).mode & 0o777,
    );
    expect(modes).toEqual([0o644, 0o755, 0o755, 0o600, 0o755]);
    expect(readlinkSync(join(files, 'link'))).toBe('bin/run it');
    expect(statSync(subject.layout.home).mode & 0o777).toBe(0o700);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(subject.layout.path).mode & 0o777).toBe(0o755);
    expect(readdirSync(directory).sort()).toEqual([
      'build',
      'decision.confirmed',
      'decision.kept',
      'decision.reverting',
      'files',
    ]);
    expect(readdirSync(subject.layout.path)).toEqual(['.homeport']);
  });

  test('the model and its hashes are those of the real place', async () => {
    const host = openLocal(argv);
    const subject = staging();
    const staged = await stage(host, subject, [compose]);
    await host.close();
    expect(staged.model.services['web']?.volumes[0]?.source).toBe(`${subject.layout.path}/nginx`);
    expect(staged.stagedModel).toContain(`${subject.release.files}/nginx`);
    const real = staged.stagedModel.replaceAll(subject.release.files, subject.layout.path);
    expect(staged.configHashes).toEqual(new Map([['web', sum(real)]]));
  });

  test('what lies on the host is told by its content, a link by where it points to', async () => {
    const host = openLocal(argv);
    const files = {
      '-rf': 'a',
      'with space': 'b',
      'deep/er': 'c',
      'new\nline': 'd',
      'back\\slash': 'e',
      target: 'f',
      "it's": '',
    };
    const subject = staging({ watched: [...Object.keys(files), 'link', 'folder-link', 'dangling', 'deep', 'absent'] });
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(subject.layout.path, name)), { recursive: true });
      writeFileSync(join(subject.layout.path, name), content);
    }
    symlinkSync('target', join(subject.layout.path, 'link'));
    symlinkSync('deep', join(subject.layout.path, 'folder-link'));
    symlinkSync('nowhere', join(subject.layout.path, 'dangling'));
    const { hostFiles } = await stage(host, subject, [compose]);
    await host.close();
    expect(hostFiles).toEqual(
      new Map([
        ...Object.entries(files).map(([name, content]): [string, string] => [name, sum(content)]),
        ['link', sum('target')],
        ['folder-link', sum('deep')],
        ['dangling', sum('nowhere')],
      ]),
    );
  });

  test('a stack that Compose refuses is the user’s, in the user’s paths, and leaves nothing', async () => {
    const host = openLocal(argv);
    const subject = staging();
    const refused = stage(host, subject, [{ ...compose, content: 'refused' }]);
    await expect(refused).rejects.toBeInstanceOf(UserError);
    await expect(refused).rejects.toThrow('Compose refuses the stack: docker-compose.yml: services.web refused');
    await host.close();
    expect(existsSync(subject.release.directory)).toBe(false);
  });

  test('a second try begins anew', async () => {
    const host = openLocal(argv);
    const subject = staging();
    await stage(host, subject, [compose, { path: 'files/old', mode: 0o644, content: 'old' }]);
    await stage(host, subject, [compose]);
    await host.close();
    expect(readdirSync(subject.release.files)).toEqual(['docker-compose.yml']);
  });
});

test('thousands of files push nothing of the model out', async () => {
  const host = openLocal();
  const names = Array.from({ length: 12_000 }, (_, index) => `folder/a-name-of-some-length-${index}.conf`);
  const subject = staging({ watched: names });
  mkdirSync(join(subject.layout.path, 'folder'), { recursive: true });
  for (const name of names) writeFileSync(join(subject.layout.path, name), '');
  const staged = await stage(host, subject, [compose]);
  await host.close();
  expect(staged.hostFiles.size).toBe(names.length);
  expect(staged.model.services['web']?.volumes[0]?.source).toBe(`${subject.layout.path}/nginx`);
  expect([...staged.configHashes.keys()]).toEqual(['web']);
});

test('a model that is too large to arrive whole is not read in part', async () => {
  const host = openLocal();
  const large = sh`sh -c ${'yes "{}" | head -c 1500000'}`;
  await expect(stage(host, staging({ config: large }), [compose])).rejects.toThrow('did not arrive whole');
  await host.close();
});

test('a service without a label is not taken for unchanged', async () => {
  const host = openLocal();
  await expect(stage(host, staging({ hash: sh`cat >/dev/null` }), [compose])).rejects.toThrow('no config hash of web');
  await host.close();
});

describe('labels that depend on what runs', () => {
  const model = {
    name: 'shop',
    services: { web: {}, side: { network_mode: 'service:web' }, inner: { pid: 'service:side' } },
  };
  /** Prints what it is given for a hash, as far as it has the name of a service. */
  const hash = sh`sh -c ${'cat >model-seen; for name in web side inner; do echo "$name $(printf %s "$name" | sha256sum | cut -c 1-64)"; done'}`;
  let plain: string;
  beforeEach(() => {
    plain = mkdtempSync(join(tmpdir(), 'homeport-stage-'));
  });
  afterEach(() => {
    rmSync(plain, { recursive: true, force: true });
  });
  const seen = (): unknown => JSON.parse(readFileSync(join(folder, 'model-seen'), 'utf8'));

  async function foresee(services: object, observed: readonly string[]): Promise<Staged> {
    const host = openLocal();
    // No sign of a special meaning in its path: that alone would need the session.
    const layout = layoutOf(plain);
    const subject = staging({
      layout,
      release: layout.release('20261122T021103Z-3f2a1c9'),
      hash: sh`(cd ${folder} && ${hash})`,
      config: sh`echo ${JSON.stringify({ ...model, services })}`,
    });
    try {
      const staged = await stage(host, subject, [compose]);
      rmSync(join(folder, 'model-seen'));
      const running = observed.map((name) => [10, 2].map((number) => container(name, { id: `${name}${number}`, name: `shop-${name}-${number}` }))); // prettier-ignore
      return await foreseeLabels(host, subject, staged, new Map(observed.map((name, at) => [name, running[at] ?? []])));
    } finally {
      await host.close();
    }
  }

  test('are those of the first container by name', async () => {
    const staged = await foresee(model.services, ['web', 'side']);
    expect(seen()).toMatchObject({
      services: { side: { network_mode: 'container:web10' }, inner: { pid: 'container:side10' } },
    });
    expect([...staged.configHashes.keys()]).toEqual(['web', 'side', 'inner']);
  });

  test('are not foreseen where there is no container yet', async () => {
    const staged = await foresee(model.services, ['web']);
    expect([...staged.configHashes.keys()]).toEqual(['web', 'side']);
  });

  test('take a session only where there are any', async () => {
    const staged = await foresee({ web: {}, side: {}, inner: {} }, ['web']);
    expect(seen).toThrow('ENOENT');
    expect([...staged.configHashes.keys()]).toEqual(['web', 'side', 'inner']);
  });
});

test('a hash that cannot be had is refused as well', async () => {
  const host = openLocal();
  await expect(stage(host, staging({ hash: failing('no hash') }), [compose])).rejects.toThrow(
    'Compose refuses the stack: no hash',
  );
  await host.close();
});

test('a folder that cannot be made is the host’s failure', async () => {
  const host = openLocal();
  writeFileSync(join(folder, 'srv'), 'a file');
  await expect(stage(host, staging(), [compose])).rejects.toBeInstanceOf(HostFailure);
  await host.close();
});

test('the model with its secrets is nowhere on the host', async () => {
  const host = openLocal();
  const subject = staging();
  await stage(host, subject, [compose]);
  await host.close();
  for (const name of readdirSync(subject.release.directory)) {
    const file = join(subject.release.directory, name);
    if (lstatSync(file).isFile()) expect(readFileSync(file, 'utf8')).not.toContain('s3cret');
  }
});

test('whatever a file is called, sha256sum’s line for it is read', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), (name) => {
      fc.pre(!name.includes('\0'));
      const odd = /[\\\n\r]/.test(name);
      const written = name.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
      expect(parseSums(`${odd ? '\\' : ''}${sum('')}  ${odd ? written : name}\n`)).toEqual(new Map([[name, sum('')]]));
    }),
  );
});

function failing(message: string): ShellText {
  return sh`sh -c 'cat >/dev/null; echo "$1" >&2; exit 3' sh ${message}`;
}
