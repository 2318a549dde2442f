/**
 * The Docker Engine of a host, asked through its API over `docker system dial-stdio`: one session for the whole run, where a
 * command each would be a session and a client's start each. Only what Homeport reads and does is here.
 */
import { lines, sh } from '../ssh/shell-text.js';
import type { HostShell } from '../ssh/host-shell.js';
import { findDocker } from './docker-place.js';
import { EngineApi } from './engine-api.js';
import { EngineConnection } from './engine-connection.js';
import type { RegistryAuth } from './registry-auth.js';

export interface EngineInfo {
  readonly dockerVersion: string;
  readonly imageStore: 'classic' | 'containerd';
  /** As images name it: `amd64`. */
  readonly architecture: string;
  readonly os: string;
  readonly rootless: boolean;
  readonly dockerRoot: string;
  readonly mirrors: readonly string[];
}

export interface PublishedPort {
  /** `''` for all addresses. */
  readonly address: string;
  readonly port: number;
  readonly containerPort: number;
  readonly protocol: string;
}

export interface ContainerSummary {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly imageId: string;
  /** As it was named when the container was made; an id where that name means another image by now. */
  readonly image: string;
  readonly status: ContainerStatus;
  readonly ports: readonly PublishedPort[];
}

export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
export type ContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

export interface ContainerDetails {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What the engine calls its image on this store. */
  readonly imageId: string;
  readonly status: ContainerStatus;
  readonly health: ContainerHealth;
  readonly exitCode: number;
  readonly restartCount: number;
  /** Milliseconds since 1970 of the engine's clock; undefined when it never started. */
  readonly startedAt: number | undefined;
  readonly finishedAt: number | undefined;
  /** `KEY=value`: secrets are among them. */
  readonly env: readonly string[];
  /** Volumes and binds: what is mounted where. */
  readonly mounts: readonly ContainerMount[];
  /** Names of the networks that it is attached to. */
  readonly networks: readonly string[];
  /** Why it could not start or died, in the engine's words; `''` for nothing. */
  readonly error: string;
  readonly oomKilled: boolean;
}

export interface ContainerMount {
  readonly type: string;
  /** A volume's name; `''` for others. */
  readonly name: string;
  readonly source: string;
  readonly destination: string;
}

export interface ImageDetails {
  /** Config digest in the classic store, manifest digest in the containerd store. */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly architecture: string;
  readonly os: string;
  /** Paths that the image declares as volumes. */
  readonly volumes: readonly string[];
  readonly hasHealthcheck: boolean;
}

export interface Distribution {
  readonly digest: string;
  /** What the reference is there for; empty when the registry does not say. */
  readonly platforms: readonly Platform[];
}

export interface Platform {
  readonly architecture: string;
  readonly os: string;
}

export interface EngineEvent {
  /** Milliseconds since 1970, of the engine's clock. */
  readonly time: number;
  readonly service: string;
  readonly container: string;
  /** `die`, `start`, `health_status: healthy` … */
  readonly action: string;
  readonly exitCode?: number;
}

/** Every method throws EngineFailure (a HostFailure with the engine's message) for what the engine refuses. */
export interface Engine {
  readonly host: string;
  /** `1.41` and so on: negotiated. */
  readonly apiVersion: string;
  info(): Promise<EngineInfo>;
  /** All containers, stopped ones too; of one Compose project when it is named. */
  containers(filter?: { readonly project?: string }): Promise<ContainerSummary[]>;
  /** undefined when it is not there (any more). */
  inspectContainer(id: string): Promise<ContainerDetails | undefined>;
  /** The last lines of both streams, in the order in which they were written. */
  logs(id: string, tail: number): Promise<string[]>;
  /** By name, `name@digest` or id; undefined when it is not there. */
  inspectImage(reference: string): Promise<ImageDetails | undefined>;
  tagImage(id: string, reference: string): Promise<void>;
  /**
   * Takes a name away, and with the last one the image. Digests that only a pull of ours left behind go with it.
   * @returns false when it stays because a container uses it
   */
  untag(reference: string): Promise<boolean>;
  /** Tags whose repository matches: `homeport/shop/*`. A `*` does not match a slash. */
  imageTags(pattern: string): Promise<string[]>;
  /** Pulls `repository@digest`, which moves no tag. @param onProgress lines for people */
  pull(pinned: string, auth: RegistryAuth | undefined, options?: PullOptions): Promise<void>;
  /** What a reference means in its registry now; names are taken as they are, without mirrors. */
  distribution(reference: string, auth: RegistryAuth | undefined): Promise<Distribution>;
  /** Names; of one Compose project (by Compose's label) when it is named. */
  networks(project?: string): Promise<string[]>;
  volumes(project?: string): Promise<string[]>;
  startContainer(id: string): Promise<void>;
  /** Volumes stay, anonymous ones too. */
  removeContainer(id: string, options?: { readonly force?: boolean }): Promise<void>;
  /**
   * What happens to a project's containers from now on (or from `since`, milliseconds of the engine's clock): none is missed
   * once the promise is resolved. Ends when the iterator is asked to (`return()`); throws HostFailure when the stream is lost.
   */
  events(filter: { readonly project: string; readonly since?: number }): Promise<AsyncIterable<EngineEvent>>;
  close(): Promise<void>;
}

export interface PullOptions {
  readonly onProgress?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Asks nothing that only the facts know, so that it can be opened while they are gathered.
 * @throws HostFailure when the engine does not answer
 */
export async function openEngine(shell: HostShell, { sudo }: { readonly sudo: boolean }): Promise<Engine> {
  const docker = sudo ? sh`sudo -n "$docker"` : sh`"$docker"`;
  const dial = lines(findDocker(sudo), sh`exec env -i "$@" ${docker} system dial-stdio`);
  const connection = new EngineConnection(shell.name, async () => shell.duplex(dial));
  try {
    return await EngineApi.negotiate(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
}
