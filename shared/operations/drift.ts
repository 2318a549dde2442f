/** What someone changed on the host since the last release is never overwritten unasked. */
import { UserError } from '../base/errors.js';
import type { Manifest } from '../release/manifest.js';
import type { FileChange } from '../release/steps.js';
import type { PlanFiles } from '../release/plan.js';
import type { ReleaseFile } from './release-files.js';

/** How the files in the project's folder will change. */
export interface FilePlan extends PlanFiles {
  readonly changes: readonly FileChange[];
}

/**
 * @param hostFiles relative path -> SHA-256 of what lies on the host now
 * @throws UserError naming each file that was changed or removed on the host, or that was there before the first deploy
 */
export function planFiles(
  files: readonly ReleaseFile[],
  hostFiles: ReadonlyMap<string, string>,
  previous: Manifest | undefined,
): FilePlan {
  const recorded = new Map((previous?.files ?? []).map((file) => [file.path, file]));
  const wanted = new Set(files.map(({ path }) => path));
  const strange = files.filter(({ path, sha256 }) => {
    const now = hostFiles.get(path);
    return now !== undefined && now !== sha256 && now !== recorded.get(path)?.sha256;
  });
  // The way back leads through the serving release's own files: without them the host could not return.
  const missing = [...recorded.keys()].filter((path) => wanted.has(path) && !hostFiles.has(path));
  const problems = [
    ...strange.map(({ path }) => driftMessage(path, previous)),
    ...missing.map((path) => missingMessage(path, previous)),
  ];
  if (problems.length > 0) throw new UserError(problems.map((message) => ({ message })));

  const added = files.filter(({ path }) => !hostFiles.has(path)).map(({ path }) => path);
  const changed = files
    .filter(({ path, sha256, mode }) => {
      const modeBefore = recorded.get(path)?.mode;
      return (
        hostFiles.has(path) && (hostFiles.get(path) !== sha256 || (modeBefore !== undefined && modeBefore !== mode))
      );
    })
    .map(({ path }) => path);
  const removed = [...recorded.values()]
    .filter(({ path, sha256 }) => !wanted.has(path) && hostFiles.get(path) === sha256)
    .map(({ path }) => path);
  return {
    added: added.sort(),
    changed: changed.sort(),
    removed: removed.sort(),
    changes: [
      // First what goes: a file may become a folder, or a folder a file.
      ...removed.map((path): FileChange => ({ path, change: 'remove' })),
      ...[...added, ...changed].sort().map((path): FileChange => ({ path, change: 'write' })),
    ],
  };
}

function driftMessage(path: string, previous: Manifest | undefined): string {
  return previous === undefined
    ? `${path} is on the host already and differs from the checkout: a first deploy overwrites nothing. Move it away, or bring it into the repository`
    : `${path} was changed on the host since release ${previous.id}: bring the change into the repository, or put the old content back ` +
        `(\`drift: keep\` and \`drift: overwrite\` are not there yet)`;
}

function missingMessage(path: string, previous: Manifest | undefined): string {
  const kept = `.homeport/releases/${previous?.id ?? ''}/files/${path}`;
  return `${path} is not there, or cannot be read, on the host since release ${previous?.id ?? ''}: put it back there (cp -p ${kept} ${path})`;
}
