/** The end of a run on the host: the decision, the pointer, the record, and what nobody needs any more; one session. */
import { HostFailure, messageOf } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { releaseOfTag, tagPattern } from '../release/holding.js';
import { keptWarnings } from '../release/left-data.js';
import { releasesToRemove } from '../release/retention.js';
import { decideText, pointText, type Store } from '../release/store.js';
import { writeManifest, type Manifest } from '../release/manifest.js';
import { finishText, lineText } from './finish.js';
import { freeNames, namesToFree } from './free-names.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';
import type { DeployRequest } from './request.js';

const LOCK_LOST = 76;
const DECIDED_OTHERWISE = 77;

export interface Confirmation {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly release: PreparedRelease;
  readonly manifest: Manifest;
  readonly token: string;
  readonly line: string;
  readonly log: Log;
}

/** @throws HostFailure when the host was decided otherwise meanwhile: the release is not confirmed then */
export async function confirm({ host, request, release, manifest, token, line, log }: Confirmation): Promise<void> {
  const { layout } = release;
  const result = await host.shell.run(
    lines(
      sh`set -u`,
      sh`umask 077`,
      sh`printf '%s' ${writeManifest(manifest)} >${`${layout.manifest}.new`} || exit 1`,
      sh`${lineText(layout, line)} || exit 1`,
      sh`test "$(cat ${host.layout.lockToken} 2>/dev/null)" = ${token} || exit ${LOCK_LOST}`,
      sh`${decideText(layout, 'confirmed')} || exit ${DECIDED_OTHERWISE}`,
      sh`mv -f ${`${layout.manifest}.new`} ${layout.manifest}`,
      pointText(host.layout, layout),
      finishText(layout),
      sh`exit 0`,
    ),
  );
  if (result.status === DECIDED_OTHERWISE)
    throw new HostFailure(host.shell.name, 'the host decided to return before this run could confirm');
  if (result.status === LOCK_LOST) throw new HostFailure(host.shell.name, 'the lock was taken over by another run');
  if (result.status !== 0)
    throw new HostFailure(host.shell.name, `release ${request.project} ${release.id} could not be confirmed`, [
      result.stderr.trim(),
    ]);
  keptWarnings(result.stdout).forEach((line) => {
    log.warning(line);
  });
}

/** Writes down how a run ended that was not confirmed: the manifest of a release that was switched to is kept for its logs. */
export async function recordFailure(
  host: OpenHost,
  release: PreparedRelease,
  manifest: Manifest,
  line: string,
): Promise<void> {
  await host.shell.run(
    lines(
      sh`umask 077`,
      appendText(host, line),
      // Without a decision the next run would take it for something that came to nothing.
      sh`${decideText(release.layout, 'reverting')} || :`,
      sh`printf '%s' ${writeManifest(manifest)} >${release.layout.manifest}`,
      sh`rm -rf ${release.layout.build} ${`${release.layout.directory}/build.json`}`,
    ),
  );
}

/** Writes down that a run ended before its switch, and takes away what it had staged, if anything. */
export async function recordNothingDone(
  host: OpenHost,
  staged: string | undefined,
  line: string | undefined,
): Promise<void> {
  await host.shell.run(
    lines(
      sh`umask 077`,
      staged === undefined ? sh`:` : sh`rm -rf ${staged}`,
      line === undefined ? sh`:` : appendText(host, line),
    ),
  );
}

/** Takes a release away that comes to nothing: its folder, and the images that only it held. @param line for the host's log, unless there is to be no trace */
export async function discard(host: OpenHost, project: string, id: string, line?: string): Promise<void> {
  const { directory } = host.layout.release(id);
  await Promise.all([recordNothingDone(host, directory, line), letImagesGo(host, project, id)]);
}

/** The tags of a release that will never serve: after a full disk above all, its images must not stay. */
export async function letImagesGo(host: OpenHost, project: string, id: string): Promise<void> {
  const tags = await host.engine.imageTags(tagPattern(project));
  await Promise.all(tags.filter((tag) => releaseOfTag(tag, project) === id).map(async (tag) => host.engine.untag(tag)));
}

/**
 * Leaves a release that did not pass its gates where it is, since the user asked for that: it serves from now on, and the
 * next deploy starts from it. Not where its switch had not even begun: then the old one still serves.
 * @returns whether it is the one that serves
 */
export async function keep(host: OpenHost, { layout }: PreparedRelease, manifest: Manifest): Promise<boolean> {
  const result = await host.shell.run(
    lines(
      sh`set -u`,
      sh`umask 077`,
      sh`grep -q '^[0-9.]* end switch:1 ' ${layout.journal} || exit 1`,
      sh`printf '%s' ${writeManifest(manifest)} >${layout.manifest} || exit 1`,
      sh`${decideText(layout, 'kept')} && ${pointText(host.layout, layout)} || exit 1`,
      finishText(layout),
      sh`exit 0`,
    ),
  );
  return result.status === 0;
}

/** Removes releases beyond the retention and the images that only they held, by our own tags. It never fails a deploy. */
export async function prune(
  host: OpenHost,
  request: DeployRequest,
  store: Store,
  serving: string,
  log: Log,
): Promise<void> {
  if (request.prune === 'none') return;
  const candidates = store.releases.map(({ id, decision }) => ({ id, good: decision === 'confirmed' }));
  const known = [...candidates.filter(({ id }) => id !== serving), { id: serving, good: true }];
  const gone = releasesToRemove(known, request.keepReleases, [serving, store.current?.id ?? serving]);
  const kept = new Set(known.map(({ id }) => id).filter((id) => !gone.includes(id)));
  try {
    const [tags, names] = await Promise.all([
      host.engine.imageTags(tagPattern(request.project)),
      namesToFree(host, gone, [...kept]),
    ]);
    const loose = tags.filter((tag) => !kept.has(releaseOfTag(tag, request.project) ?? serving));
    await Promise.all(loose.map(async (tag) => host.engine.untag(tag)));
    const freed = await freeNames(host, names);
    if (freed.length > 0) log.info(`pruned with old releases: ${freed.join(', ')}`);
    const directories = gone.map((id) => host.layout.release(id).directory);
    const tasks = [
      ...(directories.length === 0 ? [] : [sh`rm -rf ${directories}`]),
      ...(request.prune === 'dangling' ? [sh`${host.docker} image prune -f`] : []),
      ...(request.prune === 'build-cache' ? [sh`${host.docker} builder prune -f`] : []),
    ];
    const result = tasks.length === 0 ? undefined : await host.shell.run(lines(sh`set -e`, ...tasks));
    if (result !== undefined && result.status !== 0)
      log.warning(`pruning did not succeed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`);
  } catch (error) {
    log.warning(`pruning old releases did not succeed: ${messageOf(error)}`);
  }
}

function appendText(host: OpenHost, line: string): ShellText {
  return sh`printf '%s\n' ${line} >>${host.layout.log}`;
}
