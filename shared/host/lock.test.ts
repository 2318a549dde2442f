import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFailure, UserError } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import { openLocal } from '../ssh/local.js';
import { layoutOf } from './layout.js';
import { acquireLock, type Lock, type LockOptions } from './lock.js';

let root = '';
let count = 0;
const shells: HostShell[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'homeport-lock-'));
});
afterEach(async () => {
  for (const shell of shells.splice(0)) await shell.close();
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

function newFolder(): string {
  count += 1;
  return join(root, `it's ${count}`);
}

function newShell(): HostShell {
  const shell = openLocal();
  shells.push(shell);
  return shell;
}

async function lockIn(path: string, actor: string, changes: Partial<LockOptions> = {}): Promise<Lock> {
  const owner = { operation: 'deploy', actor, runUrl: `https://run/${actor}`, reason: 'a "hotfix" $(x)' };
  return acquireLock(newShell(), layoutOf(path), { owner, timeout: 0, ...changes });
}

async function tokenIn(path: string): Promise<string | undefined> {
  return readFile(layoutOf(path).lockToken, 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
}

test('taken, told in plain files that only the user can read, and given back', async () => {
  const path = newFolder();
  const lock = await lockIn(path, 'mona');
  const layout = layoutOf(path);
  expect(await tokenIn(path)).toBe(lock.token);
  expect(await readFile(join(layout.lock, 'actor'), 'utf8')).toBe('mona\n');
  expect(await readFile(join(layout.lock, 'reason'), 'utf8')).toBe('a "hotfix" $(x)\n');
  expect((await stat(layout.home)).mode & 0o777).toBe(0o700);
  expect((await stat(layout.lockToken)).mode & 0o777).toBe(0o600);
  expect((await stat(path)).mode & 0o777).toBe(0o755);
  await lock.release();
  await lock.release();
  expect(await tokenIn(path)).toBeUndefined();
  expect(lock.lost.aborted).toBe(false);
});

test('who waits is told for whom, and each new phase; the end of the wait says how to force it', async () => {
  const path = newFolder();
  const first = await lockIn(path, 'mona');
  first.phase('switch\nnow');
  const told: string[] = [];
  const second = lockIn(path, 'hubot', { timeout: 1000, onWait: (message) => told.push(message) });
  await expect(second).rejects.toBeInstanceOf(UserError);
  await expect(second).rejects.toThrow(
    new RegExp(
      `not free within 1\\.0 s: deploy by mona since 20.*phase: switch now.*https://run/mona.*force-unlock: ${first.token}`,
    ),
  );
  expect(told.at(-1)).toMatch(
    /^waiting for the lock of .* on local: deploy by mona since .*, phase: switch now, reason: a "hotfix"/,
  );
  expect(new Set(told).size).toBe(told.length);
  expect(await tokenIn(path)).toBe(first.token);
  await first.release();
});

test('eight who wait at once get it one after another, each alone', async () => {
  const path = newFolder();
  let inside = 0;
  let most = 0;
  const work = async (index: number): Promise<void> => {
    const lock = await lockIn(path, `w${index}`, { timeout: 60_000 });
    inside += 1;
    most = Math.max(most, inside);
    expect(await tokenIn(path)).toBe(lock.token);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
    await lock.release();
  };
  await Promise.all(Array.from({ length: 8 }, async (_, index) => work(index)));
  expect(most).toBe(1);
  expect(await tokenIn(path)).toBeUndefined();
}, 60_000);

test('a lock whose holder was killed is taken over, and it is told whose it was', async () => {
  const path = newFolder();
  const dead = await lockIn(path, 'mona');
  const pid = await readFile(join(layoutOf(path).lock, 'holder'), 'utf8');
  const lost = new Promise((resolve) => {
    dead.lost.addEventListener('abort', resolve);
  });
  process.kill(Number(pid), 'SIGKILL');
  await lost;
  const told: string[] = [];
  const next = await lockIn(path, 'hubot', { onWait: (message) => told.push(message) });
  expect(next.tookOver).toMatchObject({ actor: 'mona', token: dead.token });
  expect(told).toEqual([expect.stringMatching(/^took over the lock .* since that run is gone: deploy by mona/)]);
  // What comes late from the dead one takes nothing away.
  await dead.release();
  expect(await tokenIn(path)).toBe(next.token);
  await next.release();
});

test('files that a dead run left prove nothing: neither its process id nor a fresh heartbeat', async () => {
  const path = newFolder();
  const lock = await lockIn(path, 'mona');
  await lock.release();
  const folder = layoutOf(path).lock;
  const uptime = (await readFile('/proc/uptime', 'utf8')).split('.')[0] ?? '';
  await writeFile(join(folder, 'token'), 'old\n');
  await writeFile(join(folder, 'heartbeat'), `${uptime}\n`);
  await writeFile(join(folder, 'holder'), `${process.pid}\n`);
  await writeFile(join(folder, 'alive-old'), '');
  await writeFile(join(folder, 'alive-older'), '');
  const next = await lockIn(path, 'hubot');
  expect(next.tookOver?.token).toBe('old');
  expect((await readdir(folder)).filter((name) => name.startsWith('alive-'))).toEqual([`alive-${next.token}`]);
  await next.release();
  expect((await readdir(folder)).filter((name) => name.startsWith('alive-'))).toEqual([]);
});

test('a holder that has not been heard of for the lease is gone, though its process is there', async () => {
  const path = newFolder();
  const silent = await lockIn(path, 'mona');
  await writeFile(join(layoutOf(path).lock, 'heartbeat'), '0\n');
  const next = await lockIn(path, 'hubot');
  expect(next.tookOver?.actor).toBe('mona');
  // It learns of it with its next word.
  const lost = new Promise((resolve) => {
    silent.lost.addEventListener('abort', resolve);
  });
  silent.phase('switch');
  await lost;
  expect(await tokenIn(path)).toBe(next.token);
  await next.release();
});

test('force takes over exactly the lock that it names', async () => {
  const path = newFolder();
  const first = await lockIn(path, 'mona');
  const told: string[] = [];
  const wrong = lockIn(path, 'hubot', { forceUnlock: 'another', onWait: (message) => told.push(message) });
  await expect(wrong).rejects.toThrow(/was not free/);
  expect(told[0]).toMatch(/`force-unlock` names another, which is not this lock's/);
  const forced = await lockIn(path, 'hubot', { forceUnlock: first.token });
  expect(forced.tookOver?.actor).toBe('mona');
  await first.release();
  expect(await tokenIn(path)).toBe(forced.token);
  await forced.release();
});

test('while a job lives nobody takes over, not even by force', async () => {
  const path = newFolder();
  const first = await lockIn(path, 'mona');
  const layout = layoutOf(path);
  const job = spawn('flock', [layout.jobLock, 'sh', '-c', 'echo on; exec sleep 30'], { detached: true });
  await new Promise((resolve) => job.stdout.once('data', resolve));
  const pid = await readFile(join(layout.lock, 'holder'), 'utf8');
  process.kill(Number(pid), 'SIGKILL');
  await new Promise((resolve) => {
    first.lost.addEventListener('abort', resolve);
  });
  const blocked = lockIn(path, 'hubot', { forceUnlock: first.token, timeout: 500 });
  await expect(blocked).rejects.toThrow(
    /deploy by mona .*whose job still runs on the host; its job on the host must end first/,
  );
  // The group: a job lives for as long as anything of it does.
  if (job.pid !== undefined) process.kill(-job.pid, 'SIGKILL');
  const next = await lockIn(path, 'hubot', { timeout: 5000 });
  expect(next.tookOver?.token).toBe(first.token);
  await next.release();
});

test('a wait can be cancelled; a held lock does not hear of it', async () => {
  const path = newFolder();
  const stop = new AbortController();
  const held = await lockIn(path, 'mona', { signal: stop.signal });
  const waiting = lockIn(path, 'hubot', { timeout: 60_000, signal: stop.signal });
  setTimeout(() => {
    stop.abort();
  }, 300);
  await expect(waiting).rejects.toBeInstanceOf(HostFailure);
  expect(held.lost.aborted).toBe(false);
  expect(await tokenIn(path)).toBe(held.token);
  await held.release();
});

test('where nothing can be written there is no lock', async () => {
  const path = newFolder();
  await mkdir(root, { recursive: true });
  await writeFile(path, 'a file');
  await expect(lockIn(path, 'mona')).rejects.toThrow(/no lock can be kept in/);
});
