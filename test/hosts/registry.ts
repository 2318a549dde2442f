// Registries for tests: the shared one, which serves the official names to every host, and throwaway ones of a test's own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, freePort, labels, localImage, nextName, rig, run, until } from './rig.js';

export interface Registry {
  /** host:port by which hosts reach it: `image: <name>/acme/shop:v2` */
  readonly name: string;
  /** host:port by which this machine reaches it. */
  readonly local: string;
  /**
   * Puts an image there under `repository:tag`; doing it again with another image moves the tag. The image is a local one: a
   * name of the rig (`web-v1`, `postgres`…), or what `webImage` or `buildImage` answered. Answers the digest (`sha256:…`).
   */
  push(image: string, reference: string): Promise<string>;
  /** The digest that `repository:tag` means now, or undefined. */
  digest(reference: string): Promise<string | undefined>;
  /** Takes the manifest away; a pull by tag or digest then fails. */
  remove(reference: string): Promise<void>;
}

export interface OwnRegistry extends Registry, AsyncDisposable {
  /** Its name is not found any more; `start` brings it back with what it held. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** It accepts connections and never answers, until `resume`. */
  hang(): Promise<void>;
  resume(): Promise<void>;
  dispose(): Promise<void>;
}

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** The registry that all tests share. Other tests use it at the same time: push under a repository name of your own. */
export function sharedRegistry(): Registry {
  const { name, port } = rig().registry;
  return new ContainerRegistry(name, port);
}

/** Puts a local image into the shared registry. */
export const pushImage = (image: string, reference: string): Promise<string> => sharedRegistry().push(image, reference);

/** A registry of the test's own, which it may stop; with a login, it lets nobody in without. */
export async function startRegistry(login?: Login): Promise<OwnRegistry> {
  const container = nextName('registry');
  const port = await freePort();
  const secret =
    login === undefined ? [] : ['-e', `REGISTRY_USER=${login.user}`, '-e', `REGISTRY_PASSWORD=${login.password}`];
  await docker(
    ...['run', '-d', '--name', container, ...labels(), '--network', rig().network],
    ...['-p', `127.0.0.1:${port}:5000`, ...secret, localImage('registry')],
  );
  const registry = new ContainerRegistry(`${container}:5000`, port, container, login);
  try {
    await registry.answers();
  } catch (error) {
    await registry.dispose();
    throw error;
  }
  return registry;
}

export const startPrivateRegistry = (login: Login): Promise<OwnRegistry> => startRegistry(login);

class ContainerRegistry implements OwnRegistry {
  readonly local: string;

  constructor(
    readonly name: string,
    port: number,
    private readonly container?: string,
    private readonly login?: Login,
  ) {
    this.local = `127.0.0.1:${port}`;
  }

  async push(image: string, reference: string): Promise<string> {
    const target = `${this.local}/${reference}`;
    const source = Object.hasOwn(rig().images, image) ? localImage(image) : image;
    await docker('tag', source, target);
    const config = await mkdtemp(join(tmpdir(), 'homeport-test-docker-'));
    try {
      const auths = this.login === undefined ? {} : { [this.local]: { auth: this.basic() } };
      await writeFile(join(config, 'config.json'), JSON.stringify({ auths }), { mode: 0o600 });
      await docker('--config', config, 'push', '-q', target);
    } finally {
      await rm(config, { recursive: true, force: true });
      await run([rig().docker, 'rmi', '--no-prune', target]);
    }
    const digest = await this.digest(reference);
    if (digest === undefined) throw new Error(`${reference} is not in the registry after the push`);
    return digest;
  }

  async digest(reference: string): Promise<string | undefined> {
    const response = await this.ask('HEAD', manifestPath(reference));
    return response.ok ? (response.headers.get('docker-content-digest') ?? undefined) : undefined;
  }

  async remove(reference: string): Promise<void> {
    const digest = await this.digest(reference);
    if (digest === undefined) return;
    const response = await this.ask('DELETE', manifestPath(`${reference.replace(/[:@][^/]*$/, '')}@${digest}`));
    if (!response.ok) throw new Error(`${reference} could not be removed from the registry: ${response.status}`);
  }

  async stop(): Promise<void> {
    await docker('stop', '-t', '2', this.own());
  }

  async start(): Promise<void> {
    await docker('start', this.own());
    await this.answers();
  }

  async hang(): Promise<void> {
    await docker('pause', this.own());
  }

  async resume(): Promise<void> {
    await docker('unpause', this.own());
  }

  async dispose(): Promise<void> {
    await run([rig().docker, 'rm', '-f', '-v', this.own()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dispose();
  }

  async answers(): Promise<void> {
    await until(`registry ${this.name}`, () =>
      this.ask('GET', '/v2/').then(
        (response) => response.ok,
        () => false,
      ),
    );
  }

  private own(): string {
    if (this.container === undefined) throw new Error('the shared registry is not to be stopped: startRegistry()');
    return this.container;
  }

  private basic(): string {
    return Buffer.from(`${this.login?.user ?? ''}:${this.login?.password ?? ''}`).toString('base64');
  }

  private ask(method: string, path: string): Promise<Response> {
    const accept = [
      'application/vnd.docker.distribution.manifest.v2+json',
      'application/vnd.docker.distribution.manifest.list.v2+json',
      'application/vnd.oci.image.manifest.v1+json',
      'application/vnd.oci.image.index.v1+json',
    ].join(', ');
    const headers = { accept, ...(this.login === undefined ? {} : { authorization: `Basic ${this.basic()}` }) };
    return fetch(`http://${this.local}${path}`, { method, headers, signal: AbortSignal.timeout(10_000) });
  }
}

/** `acme/shop:v2` or `acme/shop@sha256:…` as a path of the registry's API. */
function manifestPath(reference: string): string {
  const found = /^([^:@]+)(?:@(sha256:[0-9a-f]{64})|:([\w.-]+))?$/.exec(reference);
  if (found === null) throw new Error(`not repository:tag: ${reference}`);
  return `/v2/${found[1] ?? ''}/manifests/${found[2] ?? found[3] ?? 'latest'}`;
}

/** Builds a local image from Dockerfile lines (`FROM` may name an image of the rig) and files; answers its id. */
export async function buildImage(
  lines: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-test-image-'));
  try {
    const text = lines.map((line) => {
      const from = /^FROM (\S+)(.*)$/.exec(line);
      return from?.[1] !== undefined && Object.hasOwn(rig().images, from[1])
        ? `FROM ${localImage(from[1])}${from[2] ?? ''}`
        : line;
    });
    await writeFile(join(folder, 'Dockerfile'), `${text.join('\n')}\n`);
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return await docker('build', '-q', '--network', 'host', '--label', 'homeport.test=variant', folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The web app with another version, and what more the lines say (`ENV HEALTH=never`). */
export const webImage = (version: string, lines: readonly string[] = []): Promise<string> =>
  buildImage(['FROM web', 'COPY version /etc/version', ...lines], { version: `${version}\n` });
