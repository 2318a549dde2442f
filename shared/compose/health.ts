/** The gate's judgement: from what containers are now, and were when the gate began, to one verdict. Asking and waiting is elsewhere. */

/** A container as the engine tells it. */
export interface ContainerState {
  readonly id: string;
  readonly status: 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  readonly exitCode: number;
  readonly restartCount: number;
}

export interface GateService {
  readonly service: string;
  readonly replicas: number;
  /** An exit with 0 is what it is for. */
  readonly oneShot: boolean;
  /** It did its work in the release that is returned to, so it is created and not started. */
  readonly finished?: boolean;
}

export type HealthVerdict = 'healthy' | 'waiting' | 'failed';

export interface ServiceHealth {
  readonly service: string;
  readonly verdict: HealthVerdict;
  /** In a few words; the containers it is about are in `containers`. */
  readonly reason: string;
  /** IDs of the containers that keep it from being healthy: whose log to show. */
  readonly containers: readonly string[];
}

export interface HealthQuestion {
  readonly services: readonly GateService[];
  readonly containers: ReadonlyMap<string, readonly ContainerState[]>;
  /** Restart counts when the gate began, by container ID; a container that is not in it began with none. */
  readonly restartsBefore: ReadonlyMap<string, number>;
  /** Milliseconds of any clock that does not jump. */
  readonly now: number;
  /** From the last judgement: since when all have been healthy. */
  readonly healthySince: number | undefined;
  /** Milliseconds for which all must stay healthy. */
  readonly stable: number;
}

export interface HealthJudgement {
  readonly verdict: HealthVerdict;
  /** For the next question. */
  readonly healthySince: number | undefined;
  readonly services: readonly ServiceHealth[];
}

/** One failed service fails all; all healthy counts once it has held for `stable`. */
export function judgeHealth(question: HealthQuestion): HealthJudgement {
  const services = question.services.map((service) =>
    judgeService(service, question.containers.get(service.service) ?? [], question.restartsBefore),
  );
  if (services.some(({ verdict }) => verdict === 'failed'))
    return { verdict: 'failed', healthySince: undefined, services };
  if (services.some(({ verdict }) => verdict === 'waiting'))
    return { verdict: 'waiting', healthySince: undefined, services };
  const healthySince = question.healthySince ?? question.now;
  const held = question.now - healthySince >= question.stable;
  return { verdict: held ? 'healthy' : 'waiting', healthySince, services };
}

function judgeService(
  wanted: GateService,
  containers: readonly ContainerState[],
  restartsBefore: ReadonlyMap<string, number>,
): ServiceHealth {
  const { service } = wanted;
  const judged = containers.map((container) => ({
    id: container.id,
    ...judgeContainer(wanted, container, restartsBefore.get(container.id) ?? 0),
  }));
  for (const verdict of ['failed', 'waiting'] as const) {
    const [first, ...others] = judged.filter((one) => one.verdict === verdict);
    if (first === undefined) continue;
    return { service, verdict, reason: first.reason, containers: [first, ...others].map(({ id }) => id) };
  }
  if (containers.length !== wanted.replicas) {
    return {
      service,
      verdict: 'waiting',
      reason: `${containers.length} of ${wanted.replicas} containers`,
      containers: [],
    };
  }
  return { service, verdict: 'healthy', reason: judged[0]?.reason ?? 'no containers wanted', containers: [] };
}

function judgeContainer(
  wanted: GateService,
  container: ContainerState,
  restartsBefore: number,
): { verdict: HealthVerdict; reason: string } {
  const restarts = container.restartCount - restartsBefore;
  if (restarts > 0)
    return { verdict: 'failed', reason: `restarted ${times(restarts)}, last exit code ${container.exitCode}` };
  switch (container.status) {
    case 'running':
      if (container.health === 'unhealthy') return { verdict: 'failed', reason: 'unhealthy' };
      if (container.health === 'starting') return { verdict: 'waiting', reason: 'health check has not passed yet' };
      return { verdict: 'healthy', reason: container.health === 'healthy' ? 'healthy' : 'running' };
    case 'exited':
      if (container.exitCode !== 0) return { verdict: 'failed', reason: `exited with code ${container.exitCode}` };
      return wanted.oneShot
        ? { verdict: 'healthy', reason: 'finished' }
        : { verdict: 'failed', reason: 'exited with code 0, and shall run on' };
    case 'created':
      return wanted.finished === true
        ? { verdict: 'healthy', reason: 'finished before' }
        : { verdict: 'waiting', reason: 'created, not started' };
    case 'dead':
      return { verdict: 'failed', reason: 'dead' };
    default:
      return { verdict: 'waiting', reason: container.status };
  }
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}
