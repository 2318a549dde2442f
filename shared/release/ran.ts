/**
 * What a service did when its release was confirmed. A worker without a restart policy that somebody stopped by hand looks
 * like a job that is done; only who knows what ran then can tell the two.
 */
import { isAwaited, isOneShot, type ComposeModel, type ServiceModel } from '../compose/model.js';
import type { Manifest } from './manifest.js';
import { workIsDone, type ObservedContainer } from './observed.js';

export interface Ran {
  /** Replicas. */
  readonly running: number;
  /** It had done its work: exited with 0, in this release or in an earlier one. */
  readonly finished: boolean;
}

export function whatRan(containers: readonly ObservedContainer[]): Ran {
  return {
    running: containers.filter(({ status }) => status === 'running').length,
    finished: workIsDone(containers),
  };
}

/** Whether an exit with 0 was what the service was for, as far as its release showed. */
export function wasOneShot(model: ComposeModel, service: ServiceModel, ran: Ran | undefined): boolean {
  if (!isOneShot(model, service)) return false;
  return ran === undefined || ran.finished || isAwaited(model, service);
}

/** The release in which the service was seen to run, where it must run still; undefined where it may have come to its end. */
export function ranIn(previous: Manifest | undefined, model: ComposeModel, service: ServiceModel): string | undefined {
  const ran = previous?.services[service.name]?.ran;
  return ran === undefined || ran.running === 0 || isAwaited(model, service) ? undefined : previous?.id;
}
