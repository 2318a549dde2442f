/** What a deploy will do, service by service, from our own data: never from `compose up --dry-run`. */

import type { FileSignal, FileTest } from './file-reaction.js';

/** `signal` makes what runs read its files again; `scale` changes only how many replicas run; `start` only starts what stopped. */
export type ServiceAction = 'keep' | 'recreate' | 'restart' | 'signal' | 'create' | 'start' | 'scale' | 'remove';

export interface ServicePlan {
  readonly service: string;
  readonly action: ServiceAction;
  /** Why, one short phrase each: `image`, `config`, `mounted files: nginx/nginx.conf`, `env: LOG_LEVEL`, `secret token`, `not running`. */
  readonly reasons: readonly string[];
  readonly image?: { readonly from?: string; readonly to: string };
  /** What judges its new files before the switch, and what makes it read them. */
  readonly test?: FileTest;
  readonly signal?: FileSignal;
}

/** Paths relative to the project's folder. */
export interface PlanFiles {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Names only: of environment keys, networks, volumes. */
export interface PlanNames {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** A file that someone changed on the host, and what becomes of it. */
export interface PlanDrift {
  readonly path: string;
  readonly becomes: 'kept' | 'overwritten' | 'put back';
  /** Of `.env`: the keys that differ. */
  readonly env?: PlanNames;
}

export interface Plan {
  readonly release: string;
  readonly previousRelease: string | undefined;
  readonly services: readonly ServicePlan[];
  readonly files: PlanFiles;
  readonly env: PlanNames;
  /** Absent where nothing on the host was changed by anyone else. */
  readonly drift?: readonly PlanDrift[];
  readonly networks: PlanNames;
  readonly volumes: PlanNames;
  readonly hooks: readonly string[];
  readonly warnings: readonly string[];
}

/** The services whose containers a plan touches. */
export function changedServices(plan: Plan): string[] {
  return plan.services.filter(({ action }) => action !== 'keep').map(({ service }) => service);
}

/** Whether a plan does anything at all to the host. */
export function changesAnything(plan: Plan): boolean {
  const { files, env } = plan;
  return (
    changedServices(plan).length > 0 ||
    [files.added, files.changed, files.removed, env.added, env.changed, env.removed].some((list) => list.length > 0)
  );
}

/** Which of two maps' keys are new, differ, or are gone; sorted. */
export function compareNames(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PlanNames {
  return {
    added: [...after.keys()].filter((key) => !before.has(key)).sort(),
    changed: [...after.keys()].filter((key) => before.has(key) && before.get(key) !== after.get(key)).sort(),
    removed: [...before.keys()].filter((key) => !after.has(key)).sort(),
  };
}
