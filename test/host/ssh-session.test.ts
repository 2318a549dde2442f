import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFailure } from '../../shared/base/errors.js';
import { silentLog } from '../../shared/base/log.js';
import { connect } from '../../shared/ssh/connect.js';
import type { HostShell } from '../../shared/ssh/host-shell.js';
import { openLocal } from '../../shared/ssh/local.js';
import { sh } from '../../shared/ssh/shell-text.js';
import { shipTar } from '../../shared/ssh/ship.js';
import { Fixture, isAlive, run, settingsOf, until, type Server } from './ssh-server.js';

// Two cores and many rings: a slow machine is no failure.
jest.setTimeout(60_000);

const fixture = new Fixture();
let server: Server;
let grouped: Server;
let key: string;

beforeAll(async () => {
  key = fixture.key('id', '-t', 'ed25519');
  fixture.key('host', '-t', 'ed25519');
  const parts = { hostKeys: ['host'], authorized: fixture.read('id.pub') };
  server = await fixture.server(parts);
  // Like a server that starts no process group for a command.
  grouped = await fixture.server({ ...parts, options: ['ForceCommand sh -c "$SSH_ORIGINAL_COMMAND"; exit'] });
});

afterAll(async () => {
  await fixture.close();
});

async function over(which: Server, shared = true): Promise<HostShell> {
  const settings = settingsOf({ privateKey: key, knownHosts: fixture.read('host.pub') });
  return connect(which.address, settings, { log: silentLog, shared });
}

function pidIn(line: string): number {
  return Number(/pid (\d+)/.exec(line)?.[1]);
}

describe.each<{ name: string; open: () => Promise<HostShell> }>([
  { name: 'this machine', open: async () => Promise.resolve(openLocal()) },
  { name: 'this machine with bash', open: async () => Promise.resolve(openLocal(['/bin/bash'])) },
  {
    name: 'this machine with busybox',
    open: async () => Promise.resolve(openLocal([run('which', ['busybox']).trim(), 'sh'])),
  },
  { name: 'SSH', open: async () => over(server) },
  { name: 'SSH without a shared connection', open: async () => over(server, false) },
  { name: 'SSH without process groups', open: async () => over(grouped) },
])('a session on $name', ({ open }) => {
  let host: HostShell;

  beforeAll(async () => {
    host = await open();
  });

  afterAll(async () => {
    await host.close();
  });

  test('gives status and both outputs, as they were', async () => {
    const result = await host.run(sh`echo out; echo err >&2; printf 'no newline'; exit 3`);
    expect(result).toEqual({ status: 3, stdout: 'out\nno newline', stderr: 'err\n' });
  });

  test('counts', async () => {
    const before = host.sessions;
    await host.run(sh`:`);
    expect(host.sessions).toBe(before + 1);
  });

  test('255 is a status like any other, and a death by signal is one too', async () => {
    expect((await host.run(sh`exit 255`)).status).toBe(255);
    expect((await host.run(sh`kill -9 $$`)).status).toBe(137);
    expect((await host.run(sh`kill -TERM $$`)).status).toBe(143);
  });

  test('a syntax error is a status', async () => {
    const result = await host.run(sh`if`);
    expect(result.status).toBeGreaterThan(0);
    expect(result.stderr).toMatch(/[Ss]yntax|unexpected/);
  });

  test('lines come complete, and words for the runner are left as they are', async () => {
    const lines: string[] = [];
    const result = await host.run(sh`printf '::set-output name=x::y\nh'; sleep 0.2; printf 'alf\nend'`, {
      onStdout: (line) => lines.push(line),
    });
    expect(lines).toEqual(['::set-output name=x::y', 'half', 'end']);
    expect(result.stdout).toBe('::set-output name=x::y\nhalf\nend');
  });

  test('of a long output the last mebibyte is kept, and each line told', async () => {
    let lines = 0;
    const result = await host.run(sh`seq 1 400000`, { onStdout: () => (lines += 1) });
    expect(lines).toBe(400_000);
    expect(result.stdout.length).toBeLessThanOrEqual(1024 * 1024);
    expect(result.stdout.endsWith('399999\n400000\n')).toBe(true);
  });

  test('a background child that holds the output keeps nobody waiting, and lives on', async () => {
    const start = performance.now();
    const result = await host.run(sh`sleep 45 & echo "pid $!"`);
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(result.status).toBe(0);
    await delay(200);
    expect(isAlive(pidIn(result.stdout))).toBe(true);
    process.kill(pidIn(result.stdout));
  });

  test('without input there is none', async () => {
    expect((await host.run(sh`cat; echo done`)).stdout).toBe('done\n');
  });

  test('input arrives byte by byte, of any kind and size', async () => {
    expect((await host.run(sh`cat`, { stdin: 'a\nb\n\n.\nbye' })).stdout).toBe('a\nb\n\n.\nbye');
    expect((await host.run(sh`cat; echo end`, { stdin: '' })).stdout).toBe('end\n');
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => (index * 7919) % 256));
    const sum = run('sh', ['-c', `cd ${fixture.folder} && cksum <"$1"`, 'sh', fixture.write('bytes', '')]);
    expect(sum).toContain('4294967295 0');
    writeFileSync(fixture.of('bytes'), bytes);
    const expected = run('sh', ['-c', 'cksum <"$1"', 'sh', fixture.of('bytes')]);
    expect((await host.run(sh`cksum`, { stdin: bytes })).stdout).toBe(expected);
    const pieces = Array.from({ length: 300 }, (_, index) => bytes.subarray(index * 10_000, (index + 1) * 10_000));
    expect((await host.run(sh`cksum`, { stdin: Readable.from(pieces) })).stdout).toBe(expected);
  });

  test('input that trickles is handed on as it comes', async () => {
    const lines: string[] = [];
    async function* heartbeat(): AsyncGenerator<string> {
      yield 'one\n';
      await until(() => lines.includes('got one'));
      yield 'two\n';
    }
    const result = await host.run(sh`while read -r line; do echo "got $line"; done`, {
      stdin: Readable.from(heartbeat()),
      onStdout: (line) => lines.push(line),
    });
    expect(result.stdout).toBe('got one\ngot two\n');
  });

  test('a script that does not read its input ends all the same', async () => {
    expect(await host.run(sh`echo enough; exit 4`, { stdin: Buffer.alloc(5_000_000) })).toMatchObject({
      status: 4,
      stdout: 'enough\n',
    });
    const endless = Readable.from(
      (async function* () {
        for (;;) {
          yield 'x'.repeat(1000);
          await delay(10);
        }
      })(),
    );
    expect((await host.run(sh`head -c 10`, { stdin: endless })).stdout).toBe('xxxxxxxxxx');
  });

  test('input that cannot be read ends the script before it sees an end', async () => {
    const file = fixture.of('half');
    const broken = Readable.from(
      (async function* () {
        yield 'half';
        await delay(300);
        throw new Error('the disk is gone');
      })(),
    );
    await expect(host.run(sh`cat >/dev/null; echo whole >${file}`, { stdin: broken })).rejects.toThrow(
      /the disk is gone/,
    );
    await delay(300);
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ['without input', undefined],
    ['with input', 'some'],
  ] as const)('abort ends the whole process group, %s', async (_how, stdin) => {
    const abort = new AbortController();
    const pids: number[] = [];
    const running = host.run(sh`sleep 60 & echo "pid $!"; echo "pid $$"; sh -c 'echo "pid $$"; exec sleep 61'`, {
      onStdout: (line) => {
        pids.push(pidIn(line));
        if (pids.length === 3) abort.abort();
      },
      signal: abort.signal,
      ...(stdin !== undefined && { stdin }),
    });
    await expect(running).rejects.toThrow(/cancelled; its processes there were ended/);
    await until(() => pids.every((pid) => !isAlive(pid)));
  });

  test('what ignores TERM is killed', async () => {
    let pid = 0;
    const running = host.run(sh`trap '' TERM; echo "pid $$"; while :; do sleep 0.1; done`, {
      onStdout: (line) => (pid = pidIn(line)),
      timeout: 500,
    });
    await expect(running).rejects.toThrow(/longer than 500 ms/);
    await until(() => !isAlive(pid));
  });

  test('an abort that came before does not even begin', async () => {
    const before = host.sessions;
    await expect(host.run(sh`:`, { signal: AbortSignal.abort() })).rejects.toThrow(HostFailure);
    expect(host.sessions).toBe(before);
  });

  test('the script is in no argv and not in the environment of what it starts', async () => {
    const canary = `canary-${Math.random()}`;
    const { stdout } = await host.run(
      sh`: ${canary}; tr '\0' ' ' </proc/$$/cmdline /proc/$PPID/cmdline; env; cat /proc/[0-9]*/cmdline | tr '\0' '\n' | grep -c ${canary.slice(0, 10)}[-]x`,
    );
    expect(stdout).not.toContain(canary);
  });

  test('a script of 100 kB with every character', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) =>
      String.fromCodePoint(index % 997 === 0 ? 0x1f600 : 32 + (index % 95)),
    ).join('');
    const result = await host.run(sh`printf %s ${text} | wc -c`);
    expect(Number(result.stdout)).toBe(Buffer.byteLength(text));
  });

  test('20 at once', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => host.run(sh`sleep 0.1; echo ${index}`)),
    );
    expect(results.map((result) => result.stdout.trim())).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
  });

  test('a stream in both directions, binary, and its end', async () => {
    const stream = await host.duplex(sh`cat`);
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, index) => index % 256));
    stream.end(bytes);
    const back: Buffer[] = [];
    for await (const chunk of stream) back.push(Buffer.from(chunk as Uint8Array));
    expect(Buffer.concat(back).equals(bytes)).toBe(true);
  });

  test('a stream whose command fails says why', async () => {
    const stream = await host.duplex(sh`echo 'permission denied' >&2; exit 1`);
    await expect(stream.toArray()).rejects.toThrow(/permission denied/);
  });

  test('a stream that is left ends its command', async () => {
    const stream = await host.duplex(sh`echo "pid $$"; exec cat`);
    const [first] = (await stream
      .iterator({ destroyOnReturn: false })
      .next()
      .then((next) => [next.value])) as [Buffer];
    stream.destroy();
    await until(() => !isAlive(pidIn(first.toString())));
  });

  test('files arrive as one tar stream, with mode, links and folders', async () => {
    const folder = fixture.of(`tar-${Math.random()}`);
    const long = `${'deep/'.repeat(30)}file`;
    writeFileSync(fixture.of('source'), 'from a file');
    const result = await shipTar(host, sh`mkdir -p ${folder} && tar -xpf - -C ${folder} --no-same-owner`, [
      { path: 'empty', directory: true, mode: 0o750 },
      { path: 'a b/$x', mode: 0o600, content: 'text ü' },
      { path: 'run', mode: 0o755, content: Buffer.from([0, 255]) },
      { path: 'copy', mode: 0o644, content: { file: fixture.of('source'), size: 11 } },
      { path: 'link', linkTo: 'a b/$x' },
      { path: long, mode: 0o644, content: 'long' },
    ]);
    expect(result).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(`${folder}/link`, 'utf8')).toBe('text ü');
    expect(readFileSync(`${folder}/copy`, 'utf8')).toBe('from a file');
    expect(readFileSync(`${folder}/${long}`, 'utf8')).toBe('long');
    expect(run('stat', ['-c', '%a', `${folder}/empty`, `${folder}/a b/$x`, `${folder}/run`])).toBe('750\n600\n755\n');
  });

  test('a file that changed its size meanwhile ends the script before it sees an end', async () => {
    const file = fixture.of('untarred');
    const entries = [{ path: 'copy', mode: 0o644, content: { file: fixture.of('source'), size: 12 } }];
    await expect(shipTar(host, sh`cat >/dev/null; : >${file}`, entries)).rejects.toThrow(HostFailure);
    await delay(200);
    expect(existsSync(file)).toBe(false);
  });
});
