import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, connect as connectSocket } from 'node:net';
import { hostname as machineName } from 'node:os';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFailure, messageOf, UserError } from '../../shared/base/errors.js';
import { silentLog } from '../../shared/base/log.js';
import { connect } from '../../shared/ssh/connect.js';
import type { HostShell } from '../../shared/ssh/host-shell.js';
import { fingerprintOf } from '../../shared/ssh/known-hosts.js';
import type { ConnectionSettings } from '../../shared/ssh/settings.js';
import { sh } from '../../shared/ssh/shell-text.js';
import { Fixture, freePort, isAlive, recordingLog, run, settingsOf, until, type Server } from './ssh-server.js';

// Two cores and many rings: a slow machine is no failure.
jest.setTimeout(60_000);

const fixture = new Fixture();
const opened: HostShell[] = [];
const PASSPHRASE = `it's "a" $passphrase\\`;
let server: Server;
let key: string;
let hostKey: string;

beforeAll(async () => {
  key = fixture.key('id', '-t', 'ed25519');
  fixture.key('rsa', '-t', 'rsa', '-b', '2048', '-m', 'PEM');
  fixture.key('pkcs8', '-t', 'rsa', '-b', '2048', '-m', 'PKCS8');
  fixture.key('ecdsa', '-t', 'ecdsa');
  fixture.key('encrypted', '-t', 'ed25519', '-N', PASSPHRASE);
  fixture.key('encrypted-pem', '-t', 'rsa', '-b', '2048', '-m', 'PEM', '-N', PASSPHRASE);
  fixture.key('stranger', '-t', 'ed25519');
  fixture.key('host', '-t', 'ed25519');
  fixture.key('host-rsa', '-t', 'rsa', '-b', '2048');
  fixture.key('ca', '-t', 'ed25519');
  hostKey = fixture.read('host.pub').trim();
  const names = ['id', 'rsa', 'pkcs8', 'ecdsa', 'encrypted', 'encrypted-pem'];
  const authorized = names.map((name) => fixture.read(`${name}.pub`)).join('');
  server = await fixture.server({
    hostKeys: ['host', 'host-rsa'],
    authorized: `${authorized}cert-authority ${fixture.read('ca.pub')}`,
    options: ['PerSourceMaxStartups none', 'MaxStartups 100'],
  });
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (host) => host.close()));
});

afterAll(async () => {
  await fixture.close();
});

async function open(
  settings: Partial<ConnectionSettings>,
  to = server,
  options: Partial<Parameters<typeof connect>[2]> = {},
): Promise<HostShell> {
  const given = settingsOf({ privateKey: key, knownHosts: hostKey, ...settings });
  const host = await connect(to.address, given, { log: silentLog, ...options });
  opened.push(host);
  return host;
}

async function works(settings: Partial<ConnectionSettings>, to = server): Promise<void> {
  const host = await open(settings, to);
  expect(await host.run(sh`echo here`)).toEqual({ status: 0, stdout: 'here\n', stderr: '' });
}

async function refusal(settings: Partial<ConnectionSettings>, to = server): Promise<Error> {
  return open(settings, to).then(
    () => {
      throw new Error('It connected.');
    },
    (error: unknown) => error as Error,
  );
}

/** The folders of connections that are there now; not those of other runs on this machine, which know another server. */
function folders(): string[] {
  return readdirSync('/tmp').filter((name) => name.startsWith('hp-') && !isForeign(`/tmp/${name}`));
}

/** Of the connection that a process belongs to. */
function folderOf(argv: string): string | undefined {
  return /(\/tmp\/hp-\w+)\/config/.exec(argv)?.[1];
}

function isForeign(folder: string): boolean {
  try {
    return !readFileSync(`${folder}/config`, 'utf8').includes(String(server.address.port));
  } catch {
    return false;
  }
}

describe('a private key, as people paste it', () => {
  test.each<[string, (name: string) => string]>([
    ['as it is', (name) => fixture.read(name)],
    ['without its last newline', (name) => fixture.read(name).trimEnd()],
    ['with CRLF', (name) => fixture.read(name).replaceAll('\n', '\r\n')],
    ['with a byte order mark and blanks around', (name) => `\uFEFF  \n${fixture.read(name)}\n\n`],
    ['with blanks for newlines', (name) => fixture.read(name).trim().replaceAll('\n', ' ')],
    ['with \\n for newlines', (name) => fixture.read(name).replaceAll('\n', '\\n')],
    ['in quotes', (name) => `"${fixture.read(name)}"`],
    ['indented', (name) => fixture.read(name).replaceAll('\n', '\n    ')],
    ['as base64', (name) => Buffer.from(fixture.read(name)).toString('base64')],
    ['as wrapped base64', (name) => Buffer.from(fixture.read(name)).toString('base64').replaceAll(/.{76}/g, '$&\n')],
  ])(
    '%s',
    async (_form, paste) => {
      await works({ privateKey: paste('id') });
      await works({ privateKey: paste('rsa') });
    },
    30_000,
  );

  test.each(['ecdsa', 'pkcs8'])('of the kind %s', async (name) => {
    await works({ privateKey: fixture.read(name) });
  });

  test.each(['encrypted', 'encrypted-pem'])(
    '%s, with its passphrase, which is in no argv and stays nowhere',
    async (name) => {
      const seen: string[] = [];
      const watch = setInterval(() => seen.push(...argvs()), 5);
      const host = await open({ privateKey: fixture.read(name).replaceAll('\n', ' '), passphrase: PASSPHRASE });
      clearInterval(watch);
      expect((await host.run(sh`echo here`)).stdout).toBe('here\n');
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((argv) => argv.includes('$passphrase'))).toEqual([]);
      for (const folder of folders()) expect(existsSync(`/tmp/${folder}/passphrase`)).toBe(false);
      const agents = (): number =>
        argvs().filter((argv) => argv.startsWith('ssh-agent') && argv.includes('/tmp/hp-')).length;
      expect(agents()).toBeGreaterThan(0);
      await host.close();
      await until(() => agents() === 0);
    },
  );

  test('with a passphrase that it does not need', async () => {
    await works({ passphrase: 'none needed' });
  });

  test('with a certificate', async () => {
    run('ssh-keygen', [
      '-q',
      '-s',
      fixture.of('ca'),
      '-I',
      'me',
      '-n',
      server.address.user ?? '',
      fixture.of('stranger.pub'),
    ]);
    await works({ privateKey: fixture.read('stranger'), certificate: fixture.read('stranger-cert.pub') });
  });

  test('none, but an agent', async () => {
    const socket = fixture.of('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    const before = process.env['SSH_AUTH_SOCK'];
    try {
      await until(() => existsSync(socket));
      process.env['SSH_AUTH_SOCK'] = socket;
      const empty = await refusal({ privateKey: undefined });
      expect(empty.message).toMatch(/the agent at SSH_AUTH_SOCK.*ssh-add -l/s);
      run('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', fixture.of('id')]);
      await works({ privateKey: undefined });
    } finally {
      if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
      else process.env['SSH_AUTH_SOCK'] = before;
      agent.kill();
    }
  });

  test.each<[string, Partial<ConnectionSettings> | (() => Partial<ConnectionSettings>), RegExp]>([
    ['empty', { privateKey: ' \n' }, /ssh-private-key is empty.*secret/],
    ['public', () => ({ privateKey: fixture.read('id.pub') }), /is a public key/],
    ["PuTTY's", { privateKey: 'PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n' }, /PuTTY key.*puttygen/],
    ['cut off', () => ({ privateKey: key.split('\n').slice(0, 3).join('\n') }), /cut off/],
    ['damaged', () => ({ privateKey: key.replace(/\n.{12}/, '\n') }), /damaged.*paste the whole file again/],
    ['a path', { privateKey: '~/.ssh/id_ed25519' }, /is a path/],
    ['something else', { privateKey: 'hello' }, /is no private key/],
    [
      'encrypted, without passphrase',
      () => ({ privateKey: fixture.read('encrypted') }),
      /is encrypted.*ssh-passphrase/,
    ],
    [
      'encrypted, with an empty passphrase',
      () => ({ privateKey: fixture.read('encrypted-pem'), passphrase: '' }),
      /is encrypted.*ssh-passphrase/,
    ],
    [
      'encrypted, with a wrong passphrase',
      () => ({ privateKey: fixture.read('encrypted'), passphrase: 'wrong' }),
      /ssh-passphrase is not the passphrase/,
    ],
    [
      'with a certificate that is none',
      () => ({ certificate: fixture.read('id.pub') }),
      /ssh-certificate is no OpenSSH certificate/,
    ],
    ['wrong', () => ({ privateKey: fixture.read('stranger') }), /did not let us in with key SHA256:.*authorized_keys/s],
    ['missing, and no agent', { privateKey: undefined }, /no key and no agent.*Give a key in ssh-private-key/s],
  ])('%s: one clear error, and nothing is left', async (_what, settings, message) => {
    const before = process.env['SSH_AUTH_SOCK'];
    delete process.env['SSH_AUTH_SOCK'];
    const left = folders();
    try {
      const error = await refusal(typeof settings === 'function' ? settings() : settings);
      expect(error).toBeInstanceOf(UserError);
      expect(error.message).toMatch(message);
    } finally {
      if (before !== undefined) process.env['SSH_AUTH_SOCK'] = before;
    }
    // One that another run has just made has no config yet.
    await until(() => folders().every((folder) => left.includes(folder)));
  });
});

describe('known-hosts', () => {
  const line = (name = 'host'): string => `[127.0.0.1]:${server.port} ${fixture.read(`${name}.pub`)}`;

  test.each<[string, () => string]>([
    ['a known_hosts line', line],
    ['a line of the RSA key only', () => line('host-rsa')],
    ['a line without the port', () => `127.0.0.1 ${hostKey}`],
    ['what ssh-keyscan prints', () => run('ssh-keyscan', ['-p', String(server.port), '127.0.0.1'])],
    [
      'a hashed line',
      () => {
        fixture.write('hashed', line());
        run('ssh-keygen', ['-H', '-f', fixture.of('hashed')]);
        expect(fixture.read('hashed')).toMatch(/^\|1\|/);
        return fixture.read('hashed');
      },
    ],
    ['a bare public key', () => hostKey],
    [
      'a bare key among other lines, with CRLF',
      () => `# ours\r\n\r\nother.example ${fixture.read('stranger.pub').trim()}\r\n${hostKey}\r\n`,
    ],
    ['a fingerprint', () => fingerprintOf(hostKey)],
    ['the fingerprint of the RSA key', () => fingerprintOf(fixture.read('host-rsa.pub'))],
    ['what ssh-keygen -l prints', () => run('ssh-keygen', ['-lf', fixture.of('host.pub')])],
    ['any, insecurely', () => 'insecure-accept-any'],
  ])('%s', async (_form, knownHosts) => {
    await works({ knownHosts: knownHosts() });
  });

  test.each([['*'], ['']])('the authority that signed the host\'s certificate, for "%s"', async (pattern) => {
    fixture.key(`signed${pattern.length}`, '-t', 'ed25519');
    const name = `signed${pattern.length}`;
    run('ssh-keygen', ['-q', '-s', fixture.of('ca'), '-I', 'host', '-h', '-n', '127.0.0.1', fixture.of(`${name}.pub`)]);
    const certified = await fixture.server({
      hostKeys: [name],
      authorized: fixture.read('id.pub'),
      options: [`HostCertificate ${fixture.of(`${name}-cert.pub`)}`],
    });
    await works({ knownHosts: `@cert-authority ${pattern} ${fixture.read('ca.pub')}` }, certified);
  });

  test('insecure-accept-any warns', async () => {
    const log = recordingLog();
    await open({ knownHosts: 'insecure-accept-any' }, server, { log });
    expect(log.lines.filter((entry) => entry.startsWith('warning:'))).toEqual([
      expect.stringContaining('insecure-accept-any'),
    ]);
  });

  test.each<[string, () => string | undefined, RegExp]>([
    ['missing', () => undefined, /known-hosts is empty/],
    ['empty', () => '\n', /known-hosts is empty/],
    ['a line of another host', () => `other.example ${hostKey}`, /is not in known-hosts/],
    [
      'a line with another key',
      () => `[127.0.0.1]:${server.port} ${fixture.read('stranger.pub')}`,
      /is not the one in known-hosts/,
    ],
    ['another bare key', () => fixture.read('stranger.pub'), /is not the one in known-hosts/],
    ['another fingerprint', () => fingerprintOf(fixture.read('stranger.pub')), /has no host key of the fingerprint/],
  ])('%s: refused, with the line to paste, and that line works', async (_what, knownHosts, message) => {
    const logins = server.logins;
    const error = await refusal({ knownHosts: knownHosts() });
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
    expect(server.logins).toBe(logins);
    const pasted = error.message.split('\n').at(-1);
    expect(pasted).toBe(`[127.0.0.1]:${server.port} ${hostKey.split(' ').slice(0, 2).join(' ')}`);
    expect(error.message).toContain(fingerprintOf(hostKey));
    await works({ knownHosts: pasted });
  });

  test('nonsense is refused with each line that is none', async () => {
    const error = await refusal({ knownHosts: `${hostKey}\nhello\nMD5:00:11\nSHA256:short` });
    expect(error.message.split('\n')).toHaveLength(3);
  });

  test("nothing of the user's own ~/.ssh is read or written", async () => {
    const host = await open({});
    const master = argvs().find((argv) => argv.startsWith('ssh ') && argv.includes('ControlMaster=yes')) ?? '';
    expect(master).toMatch(/^ssh -F \/tmp\/hp-\w+\/config /);
    expect(run('ssh', ['-F', /-F (\S+)/.exec(master)?.[1] ?? '', '-G', 'homeport-host'])).not.toMatch(/\.ssh\//);
    await host.close();
  });
});

describe('the way to the host', () => {
  let bastion: Server;

  beforeAll(async () => {
    fixture.key('bastion-host', '-t', 'ed25519');
    bastion = await fixture.server({
      hostKeys: ['bastion-host'],
      authorized: fixture.read('id.pub'),
      options: ['MaxStartups 100'],
    });
  });

  const jump = (): string => `${bastion.address.user ?? ''}@127.0.0.1:${bastion.port}`;
  const both = (): string => `${hostKey}\n${fixture.read('bastion-host.pub')}`;

  test('through a bastion, with the same key and its host key verified', async () => {
    const before = bastion.logins;
    await works({ jump: jump(), knownHosts: both() });
    expect(bastion.logins).toBe(before + 1);
  });

  test('through two bastions', async () => {
    const before = bastion.logins;
    await works({ jump: `${jump()}, ${jump()}`, knownHosts: both() });
    expect(bastion.logins).toBe(before + 2);
  });

  test("with fingerprints, the host's looked up behind the bastion", async () => {
    await works({
      jump: jump(),
      knownHosts: `${fingerprintOf(fixture.read('bastion-host.pub'))}\n${fingerprintOf(hostKey)}`,
    });
  });

  test('a bastion of another host key is refused, by its name, with its line', async () => {
    const error = await refusal({ jump: jump(), knownHosts: `[127.0.0.1]:${server.port} ${hostKey}` });
    expect(error.message).toContain(`${jump()} is not in known-hosts`);
    expect(error.message.split('\n').at(-1)).toContain(fixture.read('bastion-host.pub').split(' ')[1]);
  });

  test('a host of another host key behind the bastion is refused with its line, got through the bastion', async () => {
    const error = await refusal({
      jump: jump(),
      knownHosts: `[127.0.0.1]:${bastion.port} ${fixture.read('bastion-host.pub')}`,
    });
    expect(error.message).toContain(`${server.name} is not in known-hosts`);
    expect(error.message.split('\n').at(-1)).toContain(hostKey.split(' ')[1]);
  });

  test('a bastion that refuses the key', async () => {
    const error = await refusal({ jump: jump(), knownHosts: both(), privateKey: fixture.read('rsa') });
    expect(error.message).toMatch(/did not let us in/);
  });

  test('through a ProxyCommand', async () => {
    const marker = fixture.of('proxied');
    fixture.write(
      'proxy.mjs',
      `import {connect} from 'node:net'; import {writeFileSync} from 'node:fs'; writeFileSync(${JSON.stringify(marker)}, 'x');
      const s = connect(Number(process.argv[3]), process.argv[2]); process.stdin.pipe(s).pipe(process.stdout);`,
    );
    const extraOptions = `# a comment\nProxyCommand ${process.execPath} ${fixture.of('proxy.mjs')} %h %p\r\nCompression=yes`;
    await works({ extraOptions });
    expect(existsSync(marker)).toBe(true);
    await works({ extraOptions, knownHosts: fingerprintOf(hostKey) });
  });

  test('a ProxyCommand that fails', async () => {
    const error = await refusal({ extraOptions: 'ProxyCommand sh -c "echo no way >&2; exit 1"', connectTimeout: 3000 });
    expect(error).toBeInstanceOf(HostFailure);
    expect(error.message).toMatch(/bastion or ProxyCommand broke.*no way/);
  });

  test.each<[string, Partial<ConnectionSettings>, RegExp]>([
    ['an option that does not exist', { extraOptions: 'Compresion yes' }, /ssh-config has an option.*[cC]ompresion/s],
    [
      'options that are ours, all at once',
      { extraOptions: 'StrictHostKeyChecking no\nMatch all' },
      /line 1:.*known-hosts\n.*line 2:/s,
    ],
    ['a key file beside the key', { extraOptions: 'IdentityFile /tmp/x' }, /beside the input ssh-private-key/],
    ['a bastion that is none', { jump: 'a b@c' }, /ssh-jump/],
    ['a bastion and a ProxyCommand', { jump: 'a@b', extraOptions: 'ProxyCommand x' }, /exclude each other/],
  ])('%s is refused', async (_what, settings, message) => {
    const error = await refusal(settings);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
  });
});

describe('a host that does not answer at once', () => {
  test('a VPN that comes up late is waited for', async () => {
    const port = await freePort();
    const log = recordingLog();
    const connecting = connect({ ...server.address, port }, settingsOf({ privateKey: key, knownHosts: hostKey }), {
      log,
    });
    await delay(1500);
    await fixture.server({ hostKeys: ['host'], authorized: fixture.read('id.pub'), port });
    const host = await connecting;
    opened.push(host);
    expect((await host.run(sh`echo up`)).stdout).toBe('up\n');
    expect(log.lines.filter((entry) => /refuses connections.*Trying again/s.test(entry))).toHaveLength(1);
  });

  test('one that never comes up: within the time, with the cause', async () => {
    const start = performance.now();
    const port = await freePort();
    const error = await connect(
      { ...server.address, port },
      settingsOf({ privateKey: key, knownHosts: hostKey, connectTimeout: 2500 }),
      { log: silentLog },
    ).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HostFailure);
    expect(messageOf(error)).toMatch(/refuses connections.*connect-timeout/s);
    expect(performance.now() - start).toBeLessThan(8000);
  });

  test('a name that does not resolve', async () => {
    const address = { ...server.address, hostname: 'no-such-host.invalid' };
    await expect(
      connect(address, settingsOf({ privateKey: key, knownHosts: hostKey, connectTimeout: 1500 }), { log: silentLog }),
    ).rejects.toThrow(/name of .*no-such-host.invalid.* cannot be resolved/);
  });

  test('one that accepts and says nothing', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const start = performance.now();
    const error = await connect(
      { ...server.address, port },
      settingsOf({ privateKey: key, knownHosts: hostKey, connectTimeout: 2000 }),
      { log: silentLog },
    ).catch((reason: unknown) => reason);
    silent.close();
    expect(error).toBeInstanceOf(HostFailure);
    expect(performance.now() - start).toBeLessThan(8000);
  });

  test('one that throttles is asked again only after five seconds', async () => {
    const times: number[] = [];
    const gate = createServer((socket) => {
      times.push(performance.now());
      if (times.length === 1) socket.destroy();
      else socket.pipe(connectSocket(server.port, '127.0.0.1')).pipe(socket);
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => gate.listen(0, '127.0.0.1', resolve));
    const { port } = gate.address() as { port: number };
    const host = await connect({ ...server.address, port }, settingsOf({ privateKey: key, knownHosts: hostKey }), {
      log: silentLog,
    });
    await host.close();
    gate.close();
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(4900);
  });

  test('an abort ends the waiting', async () => {
    const port = await freePort();
    const start = performance.now();
    const connecting = connect({ ...server.address, port }, settingsOf({ privateKey: key, knownHosts: hostKey }), {
      log: silentLog,
      signal: AbortSignal.timeout(400),
    });
    await expect(connecting).rejects.toThrow(/cancelled/);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe('the connection', () => {
  const own = async (options: readonly string[]): Promise<Server> =>
    fixture.server({ hostKeys: ['host'], authorized: fixture.read('id.pub'), options });

  test('lost is told from every status, without input and with', async () => {
    const host = await open({});
    let pid = 0;
    const file = fixture.of('whole');
    const running = host.run(sh`echo "pid $$"; sleep 60; exit 255`, {
      onStdout: (line) => (pid = Number(line.slice(4))),
    });
    const fed = host.run(sh`cat >${file}.part; mv ${file}.part ${file}`, { stdin: neverEnding() });
    await until(() => pid > 0 && existsSync(`${file}.part`));
    server.dropConnections();
    await expect(running).rejects.toThrow(`${server.name}: the SSH connection was lost`);
    await expect(fed).rejects.toThrow('the SSH connection was lost');
    await until(() => !isAlive(pid));
    await delay(200);
    expect(existsSync(file)).toBe(false);
    await expect(host.run(sh`:`)).rejects.toThrow('the SSH connection was lost');
  });

  test('a killed session is told from a lost connection', async () => {
    const host = await open({});
    await expect(host.run(sh`kill -9 $PPID`)).rejects.toThrow('the shell that ran a command there was killed');
    expect((await host.run(sh`echo on`)).stdout).toBe('on\n');
  });

  test('is one, whatever runs at once, on a server of MaxSessions 10', async () => {
    const host = await open({});
    const before = server.logins;
    const stream = await host.duplex(sh`cat`);
    const results = await Promise.all(Array.from({ length: 20 }, async () => host.run(sh`sleep 0.1; echo x`)));
    expect(results.every((result) => result.stdout === 'x\n')).toBe(true);
    expect(server.logins).toBe(before);
    stream.destroy();
  });

  test('is one on a server of MaxSessions 2 too, where the others wait', async () => {
    const small = await own(['MaxSessions 2']);
    const host = await open({}, small);
    const results = await Promise.all(
      Array.from({ length: 6 }, async (_, index) => host.run(sh`sleep 0.3; echo ${index}`, { stdin: 'x' })),
    );
    expect(results.map((result) => result.stdout).join('')).toBe('0\n1\n2\n3\n4\n5\n');
    expect(small.logins).toBe(1);
  });

  test('MaxSessions 1 held by a stream: a connection of its own for what else there is', async () => {
    const single = await own(['MaxSessions 1']);
    const host = await open({}, single);
    const stream = await host.duplex(sh`cat`);
    expect((await host.run(sh`echo beside`)).stdout).toBe('beside\n');
    stream.destroy();
  });

  test('what a login shell says is not the output', async () => {
    const noisy = await own(['ForceCommand echo hello; echo warn >&2; sh -c "$SSH_ORIGINAL_COMMAND"']);
    const host = await open({}, noisy);
    expect(await host.run(sh`echo mine`)).toEqual({ status: 0, stdout: 'mine\n', stderr: '' });
    const stream = await host.duplex(sh`echo mine`);
    expect(Buffer.concat((await stream.toArray()) as Buffer[]).toString()).toBe('mine\n');
  });

  test('a user who may run nothing', async () => {
    const closed = await own(['ForceCommand echo This account is not available.; exit 1']);
    const host = await open({}, closed);
    const error = await host.run(sh`:`).catch((reason: unknown) => reason);
    expect(messageOf(error)).toMatch(/login shell there did not start/);
    expect((error as HostFailure).lastLines).toEqual(['This account is not available.']);
  });

  test('keeps itself alive, and its folder to itself', async () => {
    const host = await open({});
    const masters = argvs().filter((argv) => argv.includes('ControlMaster=yes'));
    const [folder = ''] = masters.flatMap((argv) => folderOf(argv) ?? []).filter((name) => !isForeign(name));
    const options = run('ssh', ['-F', `${folder}/config`, '-G', 'homeport-host']);
    expect(options).toMatch(/^serveraliveinterval 15$/m);
    expect(options).toMatch(/^serveralivecountmax 4$/m);
    expect(run('stat', ['-c', '%a', folder, `${folder}/key`, `${folder}/config`, `${folder}/m`])).toBe(
      '700\n600\n600\n600\n',
    );
    expect(`${folder}/m`.length + 17).toBeLessThan(104);
    await host.close();
    expect(existsSync(folder)).toBe(false);
    expect(argvs().filter((argv) => argv.includes(folder))).toEqual([]);
  });

  test('closing ends what still runs', async () => {
    const host = await open({});
    let pid = 0;
    const running = host.run(sh`echo "pid $$"; sleep 60`, { onStdout: (line) => (pid = Number(line.slice(4))) });
    running.catch(() => undefined);
    await until(() => pid > 0);
    await host.close();
    await expect(running).rejects.toThrow(HostFailure);
    await until(() => !isAlive(pid));
    await expect(host.run(sh`:`)).rejects.toThrow(/already closed/);
  });

  test.each(['SIGKILL', 'SIGTERM', 'exit'] as const)(
    'when our process ends by %s, the host ends the command, and nothing is left here',
    async (how) => {
      const settings = JSON.stringify(settingsOf({ privateKey: key, knownHosts: hostKey }));
      const room = new URL('../../shared/', import.meta.url).href;
      const program = `
      const { connect } = await import('${room}ssh/connect.js');
      const { sh } = await import('${room}ssh/shell-text.js');
      const { silentLog } = await import('${room}base/log.js');
      const host = await connect(${JSON.stringify(server.address)}, ${settings}, { log: silentLog });
      await host.run(sh\`echo "pid $$"; sleep 60\`, { onStdout: (line) => { console.log(line); if (${how === 'exit'}) process.exit(0); } });`;
      const left = new Set(folders());
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      await until(() => out.includes('\n'), 10_000);
      if (how !== 'exit') child.kill(how);
      const pid = Number(/pid (\d+)/.exec(out)?.[1]);
      await until(() => !isAlive(pid));
      await until(() => folders().every((folder) => left.has(folder)));
      const foreign = (argv: string): boolean => isForeign(folderOf(argv) ?? '');
      await until(() => argvs().every((argv) => !argv.includes('ControlMaster=yes') || foreign(argv)));
    },
    60_000,
  );

  test("a self-hosted runner's marks are passed to this machine as they are", async () => {
    process.env['RUNNER_TRACKING_ID'] = 'github_x';
    const host = await connect({ kind: 'local' }, settingsOf({}), { log: silentLog });
    expect((await host.run(sh`echo "$RUNNER_TRACKING_ID"; hostname`)).stdout).toBe(`github_x\n${machineName()}\n`);
    delete process.env['RUNNER_TRACKING_ID'];
    await host.close();
  });
});

/** The command lines of all processes, words separated by blanks. */
function argvs(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')];
      } catch {
        return [];
      }
    });
}

async function* endless(): AsyncGenerator<string> {
  for (;;) {
    yield 'more\n';
    await delay(50);
  }
}

function neverEnding(): Readable {
  return Readable.from(endless());
}
