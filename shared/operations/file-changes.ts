/** Which of the files that change a service sees through its mounts, and what it does about it. */
import type { ComposeModel, ServiceModel } from '../compose/model.js';
import { fileReaction, type FileReaction, type GivenReaction } from '../release/file-reaction.js';
import { fileMounts, filesUnder, isInitialisation, targetsOf } from '../release/mounted-files.js';
import type { Observed } from '../release/observed.js';
import type { PlanFiles, ServicePlan } from '../release/plan.js';
import type { FileChange } from '../release/steps.js';

export interface FileChanges {
  /** Relative to the project's folder; those that the service reacts to. */
  readonly changedFiles: readonly string[];
  readonly reaction: FileReaction;
}

export function changesSeenBy(
  service: ServiceModel,
  { model, path, files }: { readonly model: ComposeModel; readonly path: string; readonly files: PlanFiles },
  given: GivenReaction | undefined,
): FileChanges {
  const mounts = fileMounts(service, model, path);
  const live = touched(files, mounts).filter(({ targets }) => !targets.every(isInitialisation));
  return {
    changedFiles: live.map((file) => file.path),
    reaction: fileReaction(
      service,
      given,
      live.flatMap(({ targets }) => targets),
    ),
  };
}

/** For the plan: what is installed for nothing, as long as there is data. */
export function initialisationWarnings(
  { model, path, files }: { readonly model: ComposeModel; readonly path: string; readonly files: PlanFiles },
  observed: Observed,
): string[] {
  return Object.values(model.services).flatMap((service) => {
    if ((observed.get(service.name) ?? []).length === 0) return [];
    const found = touched(files, fileMounts(service, model, path)).filter(({ targets }) =>
      targets.some(isInitialisation),
    );
    if (found.length === 0) return [];
    const names = found.map((file) => file.path).join(', ');
    return [
      `${service.name}: ${names} changed, and only an empty database reads /docker-entrypoint-initdb.d: one that is initialised ignores it, and is left alone`,
    ];
  });
}

/** A container that is only told to read its files again still has those that it mounts by themselves: they get the new bytes. */
export function inPlaceWhereSignalled(
  changes: readonly FileChange[],
  services: readonly ServicePlan[],
  { model, path }: { readonly model: ComposeModel; readonly path: string },
): FileChange[] {
  const alone = new Set(
    services
      .filter(({ action }) => action === 'signal')
      .flatMap(({ service }) => model.services[service] ?? [])
      .flatMap((service) => fileMounts(service, model, path).map(({ source }) => source)),
  );
  return changes.map((change) =>
    change.change === 'write' && alone.has(change.path) ? { ...change, inPlace: true } : change,
  );
}

interface Touched {
  readonly path: string;
  readonly targets: readonly string[];
}

function touched({ added, changed, removed }: PlanFiles, mounts: ReturnType<typeof fileMounts>): Touched[] {
  const all = [...added, ...changed, ...removed].map((path) => ({ path }));
  return filesUnder(
    all,
    mounts.map(({ source }) => source),
  ).map(({ path }) => ({ path, targets: targetsOf(path, mounts) }));
}
