import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { layoutOf } from '../host/layout.js';
import { acquireLock, type Lock } from '../host/lock.js';
import type { HostShell } from '../ssh/host-shell.js';
import { openLocal } from '../ssh/local.js';
import { leaveNoTrace } from './no-trace.js';
import type { OpenHost } from './open-host.js';

let root = '';
const shell: HostShell = openLocal();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'homeport-no-trace-'));
});
afterAll(async () => {
  await shell.close();
  await rm(root, { recursive: true, force: true });
});

const owner = { operation: 'plan', actor: 'mona', runUrl: '', reason: '' };
const lockIn = async (path: string): Promise<Lock> => acquireLock(shell, layoutOf(path), { owner, timeout: 60_000 });

async function leave(path: string, nearestFolder: string): Promise<void> {
  await leaveNoTrace({ shell, layout: layoutOf(path), facts: { nearestFolder } } as OpenHost);
}

test('the folders that a run made are gone, those that were there are not', async () => {
  await mkdir(join(root, 'there'));
  await (await lockIn(join(root, "there/it's/shop"))).release();
  await mkdir(join(root, "there/it's/shop/.homeport/releases"));
  await leave(join(root, "there/it's/shop"), join(root, 'there'));
  expect(await readdir(join(root, 'there'))).toEqual([]);

  await mkdir(join(root, 'empty'));
  await (await lockIn(join(root, 'empty'))).release();
  await leave(join(root, 'empty'), join(root, 'empty'));
  expect(await readdir(join(root, 'empty'))).toEqual([]);
}, 60_000);

test.each(['.homeport/log.jsonl', '.homeport/releases/20261122T021103Z-3f2a1c9/manifest.json', 'data/rows'])(
  'where there is %s it stays, with what is beside it',
  async (file) => {
    const path = join(root, file.replaceAll('/', '-'));
    await (await lockIn(path)).release();
    await mkdir(join(path, file, '..'), { recursive: true });
    await writeFile(join(path, file), 'of value');
    await leave(path, root);
    expect(existsSync(join(path, file))).toBe(true);
    expect(existsSync(join(path, '.homeport/lock/guard'))).toBe(file.startsWith('.homeport'));
  },
  60_000,
);

test('who holds the lock or waits for it keeps its place', async () => {
  const path = join(root, 'held');
  const held = await lockIn(path);
  await leave(path, root);
  const waiting = lockIn(path);
  await leave(path, root);
  await held.release();
  await (await waiting).release();
  expect(existsSync(join(path, '.homeport/lock/guard'))).toBe(true);
}, 60_000);

test('whoever comes just then gets the lock all the same, in a folder that others can read', async () => {
  const path = join(root, 'race');
  for (let round = 0; round < 40; round += 1) {
    const [lock] = await Promise.all([lockIn(path), ...Array.from({ length: 3 }, async () => leave(path, root))]);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
    expect((await stat(join(path, '.homeport'))).mode & 0o777).toBe(0o700);
    await lock.release();
  }
}, 120_000);
