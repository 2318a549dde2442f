/** An sshd of our own on loopback, unprivileged where we are, with keys of its own: what the tests of the room ssh talk to. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../shared/base/log.js';
import type { ConnectionSettings, HostAddress } from '../../shared/ssh/settings.js';

const SSHD = ['/usr/sbin/sshd', '/usr/bin/sshd', '/usr/local/sbin/sshd'].find((path) => existsSync(path));

export class Fixture {
  readonly folder = mkdtempSync('/tmp/hpt-');
  readonly #servers: Server[] = [];

  /** The text of a key file that ssh-keygen makes. */
  key(name: string, ...args: string[]): string {
    run('ssh-keygen', ['-q', '-f', this.of(name), ...(args.includes('-N') ? [] : ['-N', '']), ...args]);
    return this.read(name);
  }

  of(name: string): string {
    return join(this.folder, name);
  }

  read(name: string): string {
    return readFileSync(this.of(name), 'utf8');
  }

  write(name: string, content: string, mode = 0o600): string {
    writeFileSync(this.of(name), content, { mode });
    return this.of(name);
  }

  /** `hostKeys`: names of key files of this fixture; `authorized`: content of the authorized_keys. */
  async server(parts: {
    hostKeys: readonly string[];
    authorized: string;
    options?: readonly string[];
    port?: number;
  }): Promise<Server> {
    const server = new Server(this, parts.port ?? (await freePort()), parts, this.#servers.length);
    this.#servers.push(server);
    await server.ready();
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(async (server) => server.stop()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Server {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #logFile: string;

  constructor(fixture: Fixture, port: number, parts: Parameters<Fixture['server']>[0], index: number) {
    if (SSHD === undefined)
      throw new Error('sshd is missing: apt-get install openssh-server (script/hosts prepare does it)');
    this.port = port;
    this.#logFile = fixture.of(`sshd-${index}.log`);
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    const config = [
      `ListenAddress 127.0.0.1`,
      `Port ${port}`,
      ...parts.hostKeys.map((name) => `HostKey ${fixture.of(name)}`),
      `AuthorizedKeysFile ${fixture.write(`authorized-${index}`, parts.authorized)}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PermitRootLogin yes',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      ...(parts.options ?? []),
    ];
    const file = fixture.write(`sshd-${index}.conf`, `${config.join('\n')}\n`);
    this.#process = spawn(SSHD, ['-D', '-f', file, '-E', this.#logFile], { stdio: 'ignore' });
  }

  get address(): Extract<HostAddress, { kind: 'ssh' }> {
    return { kind: 'ssh', user: userInfo().username, hostname: '127.0.0.1', port: this.port };
  }

  get name(): string {
    return `${userInfo().username}@127.0.0.1:${this.port}`;
  }

  /** Logins that were let in so far. */
  get logins(): number {
    return readFileSync(this.#logFile, 'utf8').match(/Accepted publickey/g)?.length ?? 0;
  }

  async ready(): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await answers(this.port)) return;
      await delay(20);
    }
    throw new Error(`sshd did not start: ${existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : ''}`);
  }

  /** Ends the connections, as a network does: without a word to the commands. */
  dropConnections(): void {
    for (const pid of childrenOf(this.#process.pid)) process.kill(pid, 'SIGKILL');
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.dropConnections();
    this.#process.kill();
    await new Promise((resolve) => this.#process.once('exit', resolve));
  }
}

export function settingsOf(settings: Partial<ConnectionSettings>): ConnectionSettings {
  return {
    privateKey: undefined,
    passphrase: undefined,
    certificate: undefined,
    knownHosts: undefined,
    jump: undefined,
    extraOptions: undefined,
    connectTimeout: 10_000,
    ...settings,
  };
}

/** A log whose lines can be read afterwards. */
export function recordingLog(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const record = (level: string) => (line: string) => void lines.push(`${level}: ${line}`);
  return {
    lines,
    info: record('info'),
    debug: record('debug'),
    warning: record('warning'),
    output: record('output'),
    phase: async (_name, work) => work(),
  };
}

export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

export async function until(holds: () => boolean | Promise<boolean>, limit = 20_000): Promise<void> {
  for (const start = Date.now(); !(await holds());) {
    if (Date.now() - start > limit) throw new Error(`It did not become true within ${limit} ms: ${String(holds)}`);
    await delay(20);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export function run(command: string, args: readonly string[]): string {
  const result = spawnSync(command, args, { encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.error?.message ?? result.stderr}`);
  return result.stdout;
}

async function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1');
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

function childrenOf(parent: number | undefined): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]) === parent;
      } catch {
        return false;
      }
    });
}
