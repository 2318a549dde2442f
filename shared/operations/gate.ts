/** The health gate: every replica of every service, until all are well for as long as asked, or one is not. */
import { setTimeout as delay } from 'node:timers/promises';
import { judgeHealth, type GateService, type HealthJudgement } from '../compose/health.js';
import { isOneShot, type ComposeModel } from '../compose/model.js';
import type { Engine } from '../host/engine.js';
import type { Plan } from '../release/plan.js';
import type { Observed } from '../release/observed.js';
import { observe } from '../release/observe.js';

export interface GateInput {
  readonly engine: Engine;
  readonly project: string;
  readonly services: readonly GateService[];
  /** What ran before: restarts in an earlier life of a container are not this deploy's. */
  readonly before: Observed;
  /** Milliseconds until all must be healthy; and how long they must stay so. */
  readonly timeout: number;
  readonly stable: number;
  readonly signal: AbortSignal;
  /** Resolves at the next event of the project: what can be awaited is not slept for. */
  readonly nextEvent: () => Promise<void>;
}

/** Every service of a stack, as the gate looks at it. */
export function gateServices(model: ComposeModel, plan: Plan): GateService[] {
  const finished = new Set(
    plan.services.filter(({ reasons }) => reasons.includes('finished before')).map(({ service }) => service),
  );
  return Object.values(model.services).map((service) => ({
    service: service.name,
    replicas: service.replicas,
    // Also what is started since it ran before: a slow job that ends well now is recorded as finished, and left so.
    oneShot: isOneShot(model, service),
    finished: finished.has(service.name),
  }));
}

/** Why the gate did not open. */
export class Unhealthy extends Error {
  readonly service: string;
  /** The containers to ask for their last words. */
  readonly containers: readonly string[];

  constructor(service: string, reason: string, containers: readonly string[]) {
    super(`${service}: ${reason}`);
    this.name = 'Unhealthy';
    this.service = service;
    this.containers = containers;
  }
}

/** Milliseconds between two looks without an event: some changes, such as a restart count, have none. */
const LONGEST_LOOK = 500;

/**
 * @returns what was seen last, all well
 * @throws Unhealthy naming the service and what it met
 */
export async function passHealthGate(input: GateInput): Promise<Observed> {
  const deadline = performance.now() + input.timeout;
  const restartsBefore = new Map([...input.before.values()].flat().map(({ id, restartCount }) => [id, restartCount]));
  let healthySince: number | undefined;
  for (;;) {
    input.signal.throwIfAborted();
    const event = input.nextEvent();
    const containers = await observe(input.engine, input.project);
    const now = performance.now();
    const judgement = judgeHealth({
      services: input.services,
      containers,
      restartsBefore,
      now,
      healthySince,
      stable: input.stable,
    });
    healthySince = judgement.healthySince;
    if (judgement.verdict === 'healthy') return containers;
    if (judgement.verdict === 'failed') throw unhealthy(judgement, containers);
    if (healthySince === undefined && now >= deadline)
      throw unhealthy(judgement, containers, `not within ${Math.round(input.timeout / 1000)} s: `);
    const remaining = healthySince === undefined ? deadline - now : healthySince + input.stable - now;
    await Promise.race([event, delay(Math.max(1, Math.min(remaining + 1, LONGEST_LOOK)))]);
  }
}

function unhealthy(judgement: HealthJudgement, containers: Observed, prefix = ''): Unhealthy {
  const worst = judgement.services.find(({ verdict }) => verdict === judgement.verdict) ?? judgement.services[0];
  const service = worst?.service ?? 'the stack';
  const concerned =
    worst?.containers.length === 0 ? (containers.get(service) ?? []).map(({ id }) => id) : (worst?.containers ?? []);
  return new Unhealthy(service, `${prefix}${worst?.reason ?? 'not healthy'}`, concerned);
}
