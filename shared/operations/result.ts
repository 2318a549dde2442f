/** What a deploy came to, as the edge reports it. */
import type { Problem } from '../base/errors.js';
import type { Plan } from '../release/plan.js';

export type Verdict = 'deployed' | 'unchanged' | 'planned' | 'rolled-back' | 'failed';

export interface PhaseTime {
  readonly name: string;
  /** Milliseconds. */
  readonly duration: number;
}

export interface Failure {
  /** The phase that failed: connect, lock, recover, stage, plan, fetch, hooks, switch, health, confirm. */
  readonly phase: string;
  /** The cause, in one line or a few. */
  readonly message: string;
  /** What a person has to repair, each with its place where it has one; empty when the host or the release failed. */
  readonly problems: readonly Problem[];
  /** What the host or the container printed last. */
  readonly lastLines: readonly string[];
  /** What state the host is in now, in one sentence. */
  readonly hostState: string;
}

export interface DeployResult {
  readonly verdict: Verdict;
  readonly host: string;
  readonly project: string;
  readonly release: string | undefined;
  readonly previousRelease: string | undefined;
  readonly servingRelease: string | undefined;
  readonly plan: Plan | undefined;
  /** Services whose containers this run changed. */
  readonly changed: readonly string[];
  /** Milliseconds, the longest of any service; undefined when nothing was switched. */
  readonly downtime: number | undefined;
  readonly downtimes: Readonly<Record<string, number>>;
  readonly duration: number;
  readonly phases: readonly PhaseTime[];
  readonly images: Readonly<Record<string, { readonly reference: string; readonly id: string }>>;
  readonly failure: Failure | undefined;
  readonly warnings: readonly string[];
  /** Volumes that a failed first deploy created and left. */
  readonly volumesLeft: readonly string[];
  /** What this run did first about what earlier ones had left, in words. */
  readonly recovered: readonly string[];
  /** Command sessions opened on the one connection. */
  readonly sessions: number;
}
