// Throwaway hosts: each a container with its own OpenSSH server, Docker Engine and Compose v2.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, freePort, labels, localImage, nextName, rig, run, until, type Result } from './rig.js';

/** Debian 12 (Docker 20.10, Compose 2.26, classic image store); Debian unstable (newest Docker and Compose, containerd image store). */
export type Generation = 'bookworm' | 'sid';

export interface HostOptions {
  /** A small filesystem of its own for /var/lib/docker: '300m'. */
  readonly dockerSize?: string;
  /** A small filesystem at /srv/small, which `deploy` owns: '20m'. */
  readonly pathSize?: string;
  /** Ports of the host to publish, each on a free port of loopback: see `published`. */
  readonly publish?: readonly number[];
  /** A machine without Docker: neither engine nor client. */
  readonly noDocker?: boolean;
  /** `deploy` is not in the docker group. */
  readonly dockerSocketMode?: 'none';
}

export interface ExecOptions {
  /** `deploy` unless told; `root` and `ops` are there too. */
  readonly user?: string;
  readonly input?: string;
  readonly timeoutMs?: number;
}

export interface TestHost extends AsyncDisposable {
  readonly generation: Generation;
  /** The container's name. */
  readonly name: string;
  readonly address: string;
  /** The SSH server on loopback; the same after a reboot. */
  readonly port: number;
  /** A plain user in the docker group. `ops` has the same key, is not in the group and may `sudo -n docker`. */
  readonly user: string;
  /** As an input `host`: deploy@127.0.0.1:PORT */
  readonly destination: string;
  /** By this name another host of the rig reaches it, on port 22 (it as a target behind a bastion). */
  readonly internalAddress: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** The host's key: `ssh-ed25519 AAAA…` */
  readonly hostKey: string;
  /** One line of known_hosts, for `destination`. */
  readonly knownHosts: string;
  /** host:port of the shared registry, as this host reaches it by explicit name. */
  readonly registry: string;
  /** The loopback port of a port in `publish`. */
  published(port: number): number;
  /** Runs a script by sh on the machine itself, not over SSH. */
  exec(script: string, options?: ExecOptions): Promise<Result>;
  /** As `exec`, and anything but success is an error; answers what was printed, trimmed. */
  sh(script: string, options?: ExecOptions): Promise<string>;
  /** A shutdown, or with `hard` a power cut. */
  stop(options?: { readonly hard?: boolean }): Promise<void>;
  /** Boots again; resolves when it is reachable. */
  start(): Promise<void>;
  /** Ends the Docker Engine, as systemd does or as a crash does (`hard`), or starts it again. */
  stopDocker(options?: { readonly hard?: boolean }): Promise<void>;
  startDocker(): Promise<void>;
  /** Cuts the host off from every registry, or lets it reach them again. */
  cutRegistries(): Promise<void>;
  restoreRegistries(): Promise<void>;
  /** The log of its SSH server: connections, sessions. */
  sshLog(): Promise<string>;
  /** Removes the container and its volume. */
  remove(): Promise<void>;
}

// What an engine in a container needs, where `--privileged` is more than the machine may give.
const capabilities = (
  'SYS_ADMIN NET_ADMIN NET_RAW SYS_CHROOT MKNOD SETUID SETGID SETPCAP SETFCAP CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER ' +
  'FSETID KILL NET_BIND_SERVICE SYS_PTRACE IPC_LOCK AUDIT_WRITE LEASE SYS_NICE'
).split(' ');

let cgroups: Promise<string[]> | undefined;
/** With cgroup v1 the host shares the machine's; with v2 it gets a namespace of its own. */
function cgroupOptions(): Promise<string[]> {
  cgroups ??= docker('info', '--format', '{{.CgroupVersion}}').then((version) =>
    version === '2' ? ['--cgroupns=private'] : ['--cgroupns=host', '-v', '/sys/fs/cgroup:/sys/fs/cgroup:rw'],
  );
  return cgroups;
}

interface KeyPair {
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A new ed25519 key, as ssh-keygen writes it. */
export async function newKey(passphrase = ''): Promise<KeyPair> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-test-key-'));
  try {
    const file = join(folder, 'key');
    const made = await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-C', '', '-f', file]);
    if (made.status !== 0) throw new Error(`ssh-keygen: ${made.stderr}`);
    const publicKey = (await readFile(`${file}.pub`, 'utf8')).trim();
    return { privateKey: await readFile(file, 'utf8'), publicKey };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether an SSH server greets at this port (the port alone is open before the server is). */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => {
      end(false);
    });
    socket.on('error', () => {
      end(false);
    });
    socket.on('close', () => {
      end(false);
    });
    socket.on('data', (data) => {
      end(data.toString('latin1').startsWith('SSH-2.0'));
    });
  });
}

/** Starts a host; resolves when its SSH server greets and its Docker Engine answers. */
export async function startHost(generation: Generation, options: HostOptions = {}): Promise<TestHost> {
  const name = nextName(generation);
  const image = localImage(`host-${generation}`);
  const [key, hostKeyPair, cgroup] = await Promise.all([newKey(), newKey(), cgroupOptions()]);
  const environment = {
    TEST_HOST_KEY: hostKeyPair.privateKey.trim(),
    TEST_AUTHORIZED_KEY: key.publicKey,
    ...(options.dockerSize === undefined ? {} : { TEST_DOCKER_SIZE: options.dockerSize }),
    ...(options.pathSize === undefined ? {} : { TEST_PATH_SIZE: options.pathSize }),
    ...(options.noDocker === true ? { TEST_DOCKER: 'none' } : {}),
    ...(options.dockerSocketMode === undefined ? {} : { TEST_DOCKER_SOCKET: options.dockerSocketMode }),
  };
  await docker('volume', 'create', ...labels(), name);
  let ports = new Map<number, number>();
  // Ports are fixed, so that a reboot keeps them; between finding one and taking it another process may have been faster.
  for (let attempt = 1; ; attempt += 1) {
    ports = new Map(
      await Promise.all([22, ...(options.publish ?? [])].map(async (port) => [port, await freePort()] as const)),
    );
    const argv = [
      ...['--name', name, '--hostname', name, ...labels(), '--network', rig().network],
      ...capabilities.flatMap((capability) => ['--cap-add', capability]),
      ...['--security-opt', 'seccomp=unconfined', '--security-opt', 'systempaths=unconfined'],
      ...['--security-opt', 'apparmor=unconfined', ...cgroup],
      ...['--device-cgroup-rule', 'b 7:* rmw', '--device-cgroup-rule', 'c 10:237 rmw'],
      ...['--tmpfs', '/run:exec,mode=755', '-v', `${name}:/data`],
      ...[...ports].flatMap(([port, local]) => ['-p', `127.0.0.1:${local}:${port}`]),
      ...Object.entries(environment).flatMap(([variable, value]) => ['-e', `${variable}=${value}`]),
    ];
    const started = await run([rig().docker, 'run', '-d', ...argv, image]);
    if (started.status === 0) break;
    await run([rig().docker, 'rm', '-f', name]);
    if (attempt < 5 && /port is already allocated|address already in use/.test(started.stderr)) continue;
    await run([rig().docker, 'volume', 'rm', name]);
    throw new Error(`could not start a ${generation} host: ${started.stderr.trim()}`);
  }
  const host = new ContainerHost(generation, name, ports, key, hostKeyPair.publicKey.split(' ').slice(0, 2).join(' '));
  try {
    await host.ready();
  } catch (error) {
    await host.remove();
    throw error;
  }
  return host;
}

class ContainerHost implements TestHost {
  readonly address = '127.0.0.1';
  readonly user = 'deploy';
  readonly port: number;
  readonly destination: string;
  readonly internalAddress: string;
  readonly privateKey: string;
  readonly publicKey: string;
  readonly knownHosts: string;
  readonly registry: string;

  constructor(
    readonly generation: Generation,
    readonly name: string,
    private readonly ports: ReadonlyMap<number, number>,
    key: KeyPair,
    readonly hostKey: string,
  ) {
    this.port = this.published(22);
    this.destination = `deploy@127.0.0.1:${this.port}`;
    this.internalAddress = name;
    this.privateKey = key.privateKey;
    this.publicKey = key.publicKey;
    this.knownHosts = `[127.0.0.1]:${this.port} ${hostKey}`;
    this.registry = rig().registry.name;
  }

  published(port: number): number {
    const local = this.ports.get(port);
    if (local === undefined) throw new Error(`port ${port} is not published: startHost(…, { publish: [${port}] })`);
    return local;
  }

  exec(script: string, options: ExecOptions = {}): Promise<Result> {
    const argv = ['exec', '-i', '-u', options.user ?? this.user, this.name, 'sh', '-c', script];
    return run([rig().docker, ...argv], { input: options.input, timeoutMs: options.timeoutMs });
  }

  async sh(script: string, options: ExecOptions = {}): Promise<string> {
    const result = await this.exec(script, options);
    if (result.status !== 0) {
      throw new Error(`on ${this.name}, status ${result.status}: ${script}\n${result.stdout}${result.stderr}`.trim());
    }
    return result.stdout.trim();
  }

  /** Waits until the machine is up. */
  async ready(): Promise<void> {
    const booted = await this.exec('exec host-ready', { user: 'root', timeoutMs: 90_000 });
    if (booted.status !== 0) {
      const logs = await run([rig().docker, 'logs', '--tail', '20', this.name]);
      throw new Error(`${this.name} did not come up: ${booted.stderr.trim()}\n${logs.stdout}${logs.stderr}`);
    }
    await until(`SSH server of ${this.name}`, () => greets(this.port));
  }

  async stop(options: { readonly hard?: boolean } = {}): Promise<void> {
    await (options.hard === true ? docker('kill', this.name) : docker('stop', '-t', '30', this.name));
  }

  async start(): Promise<void> {
    await docker('start', this.name);
    await this.ready();
  }

  async stopDocker(options: { readonly hard?: boolean } = {}): Promise<void> {
    await this.sh(options.hard === true ? 'engine kill' : 'engine stop', { user: 'root' });
  }

  async startDocker(): Promise<void> {
    await this.sh('engine start', { user: 'root' });
  }

  async cutRegistries(): Promise<void> {
    await this.sh('iptables -w -I OUTPUT -p tcp --dport 5000 -j REJECT --reject-with tcp-reset', { user: 'root' });
  }

  async restoreRegistries(): Promise<void> {
    await this.sh('iptables -w -D OUTPUT -p tcp --dport 5000 -j REJECT --reject-with tcp-reset', { user: 'root' });
  }

  sshLog(): Promise<string> {
    return this.sh('cat /var/log/sshd.log', { user: 'root' });
  }

  async remove(): Promise<void> {
    await run([rig().docker, 'rm', '-f', '-v', this.name]);
    const removed = await run([rig().docker, 'volume', 'rm', this.name]);
    if (removed.status !== 0 && !/no such volume/i.test(removed.stderr)) {
      throw new Error(`the volume of ${this.name} is still there: ${removed.stderr.trim()}`);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove();
  }
}
