/**
 * Taking back what an earlier run left half done, by its own script. What counts is the host: where it is again what the
 * release that serves recorded, a step that failed on the way must not keep everybody from deploying a better one.
 */
import { HostFailure } from '../base/errors.js';
import { runJob } from '../host/job.js';
import { causeOfFailure, failedStep, missedSteps, unmetSteps, type JournalEntry } from '../host/journal.js';
import { readSums } from '../release/host-sums.js';
import type { Manifest } from '../release/manifest.js';
import { observe } from '../release/observe.js';
import type { Observed } from '../release/observed.js';
import { decideText } from '../release/store.js';
import { lines, sh } from '../ssh/shell-text.js';
import { missedWords } from './hooks-again.js';
import type { OpenHost } from './open-host.js';
import { differences } from './record.js';

/**
 * @param current the release that serves and is returned to
 * @returns what is not well although the release is taken back
 * @throws HostFailure when the host is still between two releases
 */
export async function takeBack(
  host: OpenHost,
  project: string,
  id: string,
  current: Manifest | undefined,
): Promise<readonly string[]> {
  const { shell, layout, environment } = host;
  const release = layout.release(id);
  const result = await runJob(
    shell,
    { script: release.revert, journal: release.journal, output: release.output, lockFile: layout.jobLock },
    {
      prepare: sh`${decideText(release, 'reverting')} || test "$(cat ${release.decision})" = reverting || exit 1`,
      environment,
    },
  );
  if (!result.entries.some(({ word, job }) => word === 'done' && job === 'revert')) {
    throw new HostFailure(shell.name, `release ${id} of an earlier run could not be taken back`, result.lastLines);
  }
  const failed = failedStep(result.entries);
  const unmet = [...missedWords(missedSteps(result.entries)), ...unmetSteps(result.entries)];
  if (failed === undefined) return unmet;
  const unwell = filesAreUnsure(result.entries)
    ? undefined
    : await asRecorded(host, project, current).catch(() => undefined);
  if (unwell === undefined)
    throw new HostFailure(
      shell.name,
      `taking back release ${id} of an earlier run failed at: ${failed.text}; it is tried again by the next run (when the host already is as it should be, remove ${release.directory} there)`,
      result.lastLines,
    );
  await shell.run(
    lines(
      sh`read -r up rest </proc/uptime`,
      sh`echo "$up done revert:0 0 failed: all is as before" >>${release.journal}`,
    ),
  );
  const cause = causeOfFailure(result.entries, failed);
  return [...unmet, cause === undefined ? failed.text : `${failed.text}: ${cause}`, ...unwell];
}

/** Files that the release had added are in no record of the one before: only the steps that take them away know them. */
function filesAreUnsure(entries: readonly JournalEntry[]): boolean {
  return entries.some(({ word, text }) => word === 'fail' && text.startsWith('put back '));
}

/** @returns what is not well; undefined when the host is not what the release recorded */
async function asRecorded(
  { shell, layout, engine }: OpenHost,
  project: string,
  current: Manifest | undefined,
): Promise<string[] | undefined> {
  if (current === undefined) return undefined;
  const paths = current.files.map(({ path }) => path);
  const [observed, sums] = await Promise.all([observe(engine, project), readSums(shell, layout.path, paths)]);
  if (current.files.some(({ path, sha256 }) => sums.get(path) !== sha256)) return undefined;
  return runsAsRecorded(current, observed) ? unhealthy(observed) : undefined;
}

function runsAsRecorded({ services }: Manifest, observed: Observed): boolean {
  const recorded = Object.entries(services).map(
    ([name, { image, configHash }]): [string, Parameters<typeof differences>[0][string]] => [
      name,
      { image, configHash: configHash === '' ? undefined : configHash },
    ],
  );
  const allThere = Object.entries(services).every(([name, { replicas, oneShot }]) => {
    const found = observed.get(name) ?? [];
    return found.length === replicas && (oneShot || found.every(({ status }) => status === 'running'));
  });
  const stranger = [...observed].some(
    ([name, containers]) => services[name] === undefined && containers.some(({ status }) => status === 'running'),
  );
  return allThere && !stranger && differences(Object.fromEntries(recorded), observed).length === 0;
}

function unhealthy(observed: Observed): string[] {
  return [...observed.values()]
    .flat()
    .filter(({ status, health }) => status === 'running' && health !== 'none' && health !== 'healthy')
    .map(({ name, health }) => `${name} is ${health}`);
}
