import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { layoutOf } from '../../shared/host/layout.js';
import { acquireLock, type Lock, type LockOptions } from '../../shared/host/lock.js';
import type { HostShell } from '../../shared/ssh/host-shell.js';
import { startHost, type TestHost } from '../hosts/host.js';
import { shellOf } from './host-shell.js';

jest.setTimeout(120_000);

describe.each(['bookworm', 'sid'] as const)('%s', (generation) => {
  let host: TestHost;
  const shells: HostShell[] = [];

  beforeAll(async () => {
    host = await startHost(generation);
  });
  afterAll(async () => {
    for (const shell of shells) await shell.close();
    await host.remove();
  });

  async function lockAs(
    actor: string,
    path: string,
    more: Partial<LockOptions> = {},
  ): Promise<{ lock: Lock; shell: HostShell }> {
    const shell = await shellOf(host);
    shells.push(shell);
    const owner = { operation: 'deploy', actor, runUrl: `https://run/${actor}`, reason: '' };
    return { shell, lock: await acquireLock(shell, layoutOf(path), { owner, timeout: 0, ...more }) };
  }

  const tokenIn = async (path: string): Promise<string> =>
    host.sh(`cat ${path}/.homeport/lock/token 2>/dev/null || echo none`);

  test('eight runs at once, each on a connection of its own, hold it one after another', async () => {
    let inside = 0;
    let most = 0;
    const began = performance.now();
    await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const { lock, shell } = await lockAs(`w${index}`, '/srv/eight', { timeout: 90_000 });
        inside += 1;
        most = Math.max(most, inside);
        expect(await tokenIn('/srv/eight')).toBe(lock.token);
        inside -= 1;
        await lock.release();
        await shell.close();
      }),
    );
    console.log(`${generation}: eight locks in ${Math.round(performance.now() - began)} ms`);
    expect(most).toBe(1);
    expect(await tokenIn('/srv/eight')).toBe('none');
  });

  test('a connection that is cut frees the lock without leaving it unsaid', async () => {
    const { lock, shell } = await lockAs('mona', '/srv/cut');
    const lost = new Promise((resolve) => {
      lock.lost.addEventListener('abort', resolve);
    });
    await shell.close();
    await lost;
    await lock.release();
    const told: string[] = [];
    const next = await lockAs('hubot', '/srv/cut', { timeout: 20_000, onWait: (message) => told.push(message) });
    expect(next.lock.tookOver).toMatchObject({ actor: 'mona', token: lock.token });
    expect(told.at(-1)).toMatch(/^took over the lock of \/srv\/cut/);
    await next.lock.release();
  });

  test('every process of the session killed on the host: the next one takes over at once', async () => {
    const { lock } = await lockAs('mona', '/srv/killed');
    await host.sh(`kill -9 $(cat /srv/killed/.homeport/lock/holder)`);
    const next = await lockAs('hubot', '/srv/killed');
    expect(next.lock.tookOver?.token).toBe(lock.token);
    await lock.release();
    expect(await tokenIn('/srv/killed')).toBe(next.lock.token);
    await next.lock.release();
  });

  test('a reboot frees it', async () => {
    const { lock } = await lockAs('mona', '/srv/reboot');
    await host.stop({ hard: true });
    await host.start();
    const next = await lockAs('hubot', '/srv/reboot');
    expect(next.lock.tookOver?.token).toBe(lock.token);
    await next.lock.release();
  });

  test('a full disk is a failure that leaves no half lock', async () => {
    await using small = await startHost(generation, { pathSize: '8m' });
    const shell = await shellOf(small);
    await small.exec('for size in 64k 1k 1k; do dd if=/dev/zero bs=$size >>/srv/small/fill; sync; done');
    const owner = { operation: 'deploy', actor: 'mona', runUrl: '', reason: '' };
    const options = { owner, timeout: 0 };
    const full = acquireLock(shell, layoutOf('/srv/small'), options).then(
      (lock) => lock,
      (error: unknown) => error,
    );
    expect(String(await full)).toMatch(/no lock can be kept|space/i);
    await small.sh('rm /srv/small/fill');
    const lock = await acquireLock(shell, layoutOf('/srv/small'), options);
    expect(lock.tookOver).toBeUndefined();
    await lock.release();
    await shell.close();
  });
});
