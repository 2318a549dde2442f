/**
 * Recover first: what an earlier run left between two releases is finished or taken back before anything new is begun, by
 * the scripts that it prepared itself.
 */
import { HostFailure } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { runJob } from '../host/job.js';
import { failedStep } from '../host/journal.js';
import type { Layout } from '../host/layout.js';
import { decideText, pointText, readStore, type Store, type StoredRelease } from '../release/store.js';
import type { HostShell } from '../ssh/host-shell.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

/** The store as it is, for a plan: nothing is mended, and what a deploy would mend first is said. */
export async function lookOnly(shell: HostShell, layout: Layout, log: Log): Promise<Store> {
  const store = await readStore(shell, layout);
  for (const { id } of half(store)) {
    log.warning(`release ${id} was left between two releases by an earlier run: a deploy begins by taking it back`);
  }
  return store;
}

/** The store as it is once nothing is left half. */
export async function recover(shell: HostShell, layout: Layout, environment: ShellText, log: Log): Promise<Store> {
  const store = await readStore(shell, layout);
  const unfinished = half(store);
  const unpointed = newestServing(store);
  const leftovers = store.releases.filter((release) => !release.begun && release.decision === undefined);
  if (unfinished.length + leftovers.length === 0 && unpointed === undefined) return store;

  for (const { id } of unfinished) {
    log.warning(`release ${id} was left between two releases by an earlier run: taking it back first`);
    await takeBack(shell, layout, id, environment);
  }
  for (const { id } of leftovers.filter(({ hooked }) => hooked)) {
    log.warning(`hooks of release ${id} had begun in a run that ended before its switch: what they did is still there`);
  }
  const directories = leftovers.map(({ id }) => layout.release(id).directory);
  await shell.run(
    lines(
      directories.length === 0 ? sh`:` : sh`rm -rf ${directories}`,
      unpointed === undefined ? sh`:` : finishText(layout, unpointed.id),
    ),
  );
  return readStore(shell, layout);
}

/** Releases whose switch had begun and that were neither confirmed nor taken back whole. */
function half(store: Store): StoredRelease[] {
  return store.releases.filter(
    ({ begun, decision, reverted }) => begun && (decision === undefined || (decision === 'reverting' && !reverted)),
  );
}

/** What a run that died between the decision and the pointer had still to do. */
function finishText(layout: Layout, id: string): ShellText {
  const release = layout.release(id);
  const written = `${release.manifest}.new`;
  return lines(sh`test ! -e ${written} || mv -f ${written} ${release.manifest}`, pointText(layout, release));
}

/** A release that serves, by its decision, and that `current` does not name: its run died between the two. */
function newestServing(store: Store): StoredRelease | undefined {
  const newest = store.releases
    .filter(({ decision }) => decision === 'confirmed' || decision === 'kept')
    .sort((a, b) => (a.id < b.id ? 1 : -1))[0];
  return newest === undefined || newest.id === store.current?.id ? undefined : newest;
}

async function takeBack(shell: HostShell, layout: Layout, id: string, environment: ShellText): Promise<void> {
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
  if (failed !== undefined) {
    throw new HostFailure(
      shell.name,
      `taking back release ${id} of an earlier run failed at: ${failed.text}; it is tried again by the next run (when the host already is as it should be, remove ${release.directory} there)`,
      result.lastLines,
    );
  }
}
