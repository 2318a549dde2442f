/** What someone changed on the host since a release put it there, and how a person is told. Of `.env` names only, never values. */
import type { Manifest } from '../release/manifest.js';
import { compareNames, type PlanDrift, type PlanNames } from '../release/plan.js';
import { saltedHash } from '../release/salted-hash.js';
import type { ReleaseLayout } from '../host/layout.js';
import type { ReleaseFile } from './release-files.js';

export type DriftNames = PlanNames;

/** Relative paths. */
export interface Drifted {
  readonly changed: readonly string[];
  /** Files of the serving release that the new one has too and the host has not: the way back would need them. */
  readonly missing: readonly string[];
  /** Edited after this run had read them. */
  readonly moved: readonly string[];
}

/** Stands for a file that was not there when it was read. */
export const NO_FILE = 'none';

/** @param hostFiles relative path -> SHA-256 of what lies on the host now */
export function driftedFiles(
  files: readonly ReleaseFile[],
  hostFiles: ReadonlyMap<string, string>,
  previous: Manifest | undefined,
): Drifted {
  const recorded = new Map((previous?.files ?? []).map((file) => [file.path, file]));
  // What an earlier release let stay is still someone's own: what counts is what we would have put there.
  const ours = (path: string): string | undefined => recorded.get(path)?.insteadOf ?? recorded.get(path)?.sha256;
  const read = files.filter(({ madeFrom }) => madeFrom !== undefined);
  const unread = files.filter(({ madeFrom }) => madeFrom === undefined);
  return {
    moved: read.filter(({ path, madeFrom }) => (hostFiles.get(path) ?? NO_FILE) !== madeFrom).map(({ path }) => path),
    changed: unread
      .filter(({ path, sha256 }) => {
        const now = hostFiles.get(path);
        return now !== undefined && now !== sha256 && now !== ours(path);
      })
      .map(({ path }) => path),
    missing: unread.filter(({ path }) => recorded.has(path) && !hostFiles.has(path)).map(({ path }) => path),
  };
}

export function describeDrift(path: string, previous: Manifest | undefined, names: DriftNames | undefined): string {
  const env = path === '.env' ? namesText(names) : '';
  return previous === undefined
    ? `${path} is on the host already and differs from the checkout${env}: a first deploy overwrites nothing. ` +
        `Move it away, bring it into the repository, or say \`drift: keep\` or \`drift: overwrite\`${sourceHint(path)}`
    : `${path} was changed on the host since release ${previous.id}${env}: bring the change into the repository, put the old ` +
        `content back, or say \`drift: keep\` or \`drift: overwrite\`${sourceHint(path)}`;
}

const sourceHint = (path: string): string =>
  path === '.env' ? ' (or `env-source: host`, where it is kept there)' : '';

/** One sentence each, for the plan. */
export function driftWarnings(drift: readonly PlanDrift[], release: ReleaseLayout): string[] {
  return drift.map(({ path, becomes, env }) => {
    if (becomes === 'put back') return `${path} was not on the host any more: it is put back`;
    const what = `${path} was changed on the host${namesText(env)}`;
    return becomes === 'kept'
      ? `${what}: it stays as it is there, and the checkout's is not installed`
      : `${what}: it is overwritten, and the host's is kept as ${release.drifted}/${path}`;
  });
}

/** What Homeport sets there itself is nobody's change. */
const OWN = new Set([
  'COMPOSE_PROJECT_NAME',
  'COMPOSE_FILE',
  'COMPOSE_PROFILES',
  'HOMEPORT_VERSION',
  'HOMEPORT_COMMIT',
]);

/**
 * The keys that someone added, changed or removed.
 * @param host what the host's `.env` says without lines of ours
 * @param ours what this release's would say: what a first deploy is compared with, and one that followed a kept file
 */
export function driftNames(
  host: ReadonlyMap<string, string>,
  ours: Readonly<Record<string, string>>,
  previous: Manifest | undefined,
): DriftNames {
  const theirs = <Value>(pairs: Iterable<readonly [string, Value]>): Map<string, Value> =>
    new Map([...pairs].filter(([key]) => !OWN.has(key) || host.has(key)));
  const kept = previous?.files.some(({ path, insteadOf }) => path === '.env' && insteadOf !== undefined) === true;
  if (previous === undefined || kept) return compareNames(theirs(Object.entries(ours)), host);
  const now = new Map([...host].map(([key, value]) => [key, saltedHash(previous.id, key, value)]));
  return compareNames(theirs(Object.entries(previous.env)), now);
}

function namesText(names: DriftNames | undefined): string {
  if (names === undefined) return '';
  const kinds = (['added', 'changed', 'removed'] as const).filter((kind) => names[kind].length > 0);
  if (kinds.length === 0) return ' (only comments, blanks or the order)';
  return ` (${kinds.map((kind) => `${kind}: ${names[kind].join(', ')}`).join('; ')})`;
}
