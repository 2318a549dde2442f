/** What really runs on a host for one project, as the engine tells it now: the only thing that `unchanged` is measured against. */

export interface ObservedContainer {
  readonly id: string;
  readonly name: string;
  /** What `docker inspect` calls its image on this store. */
  readonly imageId: string;
  /** Compose's label `com.docker.compose.config-hash`. */
  readonly configHash: string;
  readonly workingDirectory: string;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly restartCount: number;
  /** Milliseconds since 1970, of the engine's clock; undefined when it never started. */
  readonly startedAt: number | undefined;
  /** `KEY=value`: what the process got. */
  readonly env: readonly string[];
  /** Names of the networks that it is attached to, also while it rests. */
  readonly networks: readonly string[];
}

/** Containers by service; one-off containers of `compose run` are not among them. */
export type Observed = ReadonlyMap<string, readonly ObservedContainer[]>;

/** The id of the image that a service runs now, when all its containers agree. */
export function servingImage(containers: readonly ObservedContainer[]): string | undefined {
  const ids = new Set(containers.map(({ imageId }) => imageId));
  return ids.size === 1 ? [...ids][0] : undefined;
}

/** A one-shot that did its work. */
export function finishedWell(containers: readonly ObservedContainer[]): boolean {
  return containers.length > 0 && containers.every(({ status, exitCode }) => status === 'exited' && exitCode === 0);
}

/** A one-shot whose work is done: in its own life, or in an earlier one, after which a return re-created it without a start. */
export function workIsDone(containers: readonly ObservedContainer[]): boolean {
  return finishedWell(containers) || (containers.length > 0 && containers.every(({ status }) => status === 'created'));
}

/** Stopped, or never started. */
export function isAtRest({ status }: ObservedContainer): boolean {
  return status === 'exited' || status === 'created' || status === 'dead';
}
