/** How the files in the project's folder will change; what someone changed there is never lost unasked. */
import { UserError } from '../base/errors.js';
import type { Manifest } from '../release/manifest.js';
import type { FileChange } from '../release/steps.js';
import type { PlanDrift, PlanFiles } from '../release/plan.js';
import { describeDrift, driftedFiles, type DriftNames } from './drift.js';
import type { ReleaseFile } from './release-files.js';
import type { DeployRequest } from './request.js';

export interface FilePlan extends PlanFiles {
  readonly changes: readonly FileChange[];
  readonly drift: readonly PlanDrift[];
}

export interface FilePlanOptions {
  readonly drift: DeployRequest['drift'];
  /** What differs in a drifted `.env`. */
  readonly envNames?: DriftNames | undefined;
  /**
   * Whether the files as they were shipped are what the containers have: then a return needs those, and only afterwards the
   * edits again.
   */
  readonly servesAsShipped: boolean;
  /** What containers see in place: it has no other bytes in between. */
  readonly mounted: (path: string) => boolean;
}

const USUAL: FilePlanOptions = { drift: 'stop', servesAsShipped: true, mounted: () => false };

/**
 * @param hostFiles relative path -> SHA-256 of what lies on the host now
 * @throws UserError naming each file that was changed or removed on the host, or that was there before the first deploy,
 *   unless the drift policy says what becomes of it
 */
export function planFiles(
  files: readonly ReleaseFile[],
  hostFiles: ReadonlyMap<string, string>,
  previous: Manifest | undefined,
  options: FilePlanOptions = USUAL,
): FilePlan {
  const found = driftedFiles(files, hostFiles, previous);
  const overwritten = options.drift === 'overwrite';
  const problems = [
    ...found.moved.map((path) => `${path} was edited on the host while this deploy read it: run the deploy again`),
    ...(overwritten ? [] : found.changed.map((path) => describeDrift(path, previous, options.envNames))),
    ...(overwritten ? [] : found.missing.map((path) => missingMessage(path, previous))),
  ];
  if (problems.length > 0) throw new UserError(problems.map((message) => ({ message })));

  const recorded = new Map((previous?.files ?? []).map((file) => [file.path, file]));
  const wanted = new Set(files.map(({ path }) => path));
  const added = files.filter(({ path }) => !hostFiles.has(path)).map(({ path }) => path);
  const written = files.filter((file) => {
    const modeBefore = file.stays === true ? undefined : recorded.get(file.path)?.mode;
    const otherMode = modeBefore !== undefined && modeBefore !== file.mode;
    return hostFiles.has(file.path) && (hostFiles.get(file.path) !== file.sha256 || otherMode);
  });
  // What the host has itself is new to the release all the same.
  const captured = files.filter(({ path, sha256, madeFrom }) => {
    const before = recorded.get(path)?.sha256;
    return madeFrom !== undefined && hostFiles.has(path) && before !== undefined && before !== sha256;
  });
  const removed = [...recorded.values()]
    .filter(({ path, sha256 }) => !wanted.has(path) && hostFiles.get(path) === sha256)
    .map(({ path }) => path);
  const writes = [...added, ...written.map(({ path }) => path)].sort();
  const edited = new Set(
    options.servesAsShipped
      ? [...recorded.values()]
          .filter(({ path, sha256 }) => hostFiles.get(path) !== sha256 && !options.mounted(path))
          .filter(({ path }) => hostFiles.has(path) || wanted.has(path))
          .map(({ path }) => path)
      : [],
  );
  const asShipped = (path: string): { shippedBy: string } | object =>
    edited.has(path) && previous !== undefined ? { shippedBy: previous.id } : {};
  const kept = [...edited].filter((path) => !writes.includes(path)).sort();
  return {
    added: added.sort(),
    changed: [...new Set([...written, ...captured].map(({ path }) => path))].sort(),
    removed: removed.sort(),
    drift: driftOf(files, found, options),
    changes: [
      // First what goes: a file may become a folder, or a folder a file.
      ...removed.map((path): FileChange => ({ path, change: 'remove' })),
      ...writes.map((path): FileChange => ({ path, change: 'write', ...asShipped(path) })),
      ...kept.map((path): FileChange => ({ path, change: 'keep', ...asShipped(path) })),
    ],
  };
}

function driftOf(
  files: readonly ReleaseFile[],
  { changed, missing }: { readonly changed: readonly string[]; readonly missing: readonly string[] },
  { envNames }: FilePlanOptions,
): PlanDrift[] {
  const names = (path: string): { env: DriftNames } | object =>
    path === '.env' && envNames !== undefined ? { env: envNames } : {};
  const kept = files.filter(({ insteadOf }) => insteadOf !== undefined).map(({ path }) => path);
  return [
    ...kept.sort().map((path): PlanDrift => ({ path, becomes: 'kept', ...names(path) })),
    ...[...changed].sort().map((path): PlanDrift => ({ path, becomes: 'overwritten', ...names(path) })),
    ...[...missing].sort().map((path): PlanDrift => ({ path, becomes: 'put back' })),
  ];
}

function missingMessage(path: string, previous: Manifest | undefined): string {
  const kept = `.homeport/releases/${previous?.id ?? ''}/files/${path}`;
  return `${path} is not there, or cannot be read, on the host since release ${previous?.id ?? ''}: put it back there (cp -p ${kept} ${path}), or say \`drift: overwrite\``;
}
