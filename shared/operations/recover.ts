/**
 * Recover first: what an earlier run left between two releases is finished or taken back before anything new is begun, by
 * the scripts that it prepared itself.
 */
import { HostFailure } from '../base/errors.js';
import type { Log } from '../base/log.js';
import type { Layout, ReleaseLayout } from '../host/layout.js';
import { CLEAR_ROOM } from '../release/clear-room.js';
import { HEAL_NAMES, ownName } from '../release/heal-names.js';
import { keptWarnings } from '../release/left-data.js';
import { pointText, readStore, type Store, type StoredRelease } from '../release/store.js';
import type { HostShell } from '../ssh/host-shell.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { finishText } from './finish.js';
import { hooksAreNotUndone } from './hook-words.js';
import type { OpenHost } from './open-host.js';
import { deedLine, StillHalf, type Deed, type Recovered } from './recovered.js';
import type { DeployRequest } from './request.js';
import { takeBack } from './take-back.js';

/** The store as it is, for a plan: nothing is mended, and what a deploy would mend first is said. */
export async function lookOnly(shell: HostShell, layout: Layout, log: Log): Promise<Recovered> {
  const store = await readStore(shell, layout);
  for (const { id } of half(store)) {
    log.warning(`release ${id} was left between two releases by an earlier run: a deploy begins by taking it back`);
  }
  return { store, deeds: [] };
}

/** The store as it is once nothing is left half, and what had to be done for it. */
export async function recover(host: OpenHost, request: DeployRequest, log: Log): Promise<Recovered> {
  const { shell, layout, engine } = host;
  const [store, listed] = await Promise.all([
    readStore(shell, layout),
    engine.containers({ project: request.project }).catch(() => []),
  ]);
  const unfinished = half(store);
  const unpointed = newestServing(store);
  const leftovers = store.releases.filter(cameToNothing);
  const rooms = store.releases.filter(({ roomLeft }) => roomLeft);
  const unended = store.releases.filter((release) => release.unfinished);
  const misnamed = listed.some(({ name }) => name !== ownName(name));
  if (
    unfinished.length + leftovers.length + rooms.length + unended.length === 0 &&
    unpointed === undefined &&
    !misnamed
  )
    return { store, deeds: [] };

  const deeds: Deed[] = [];
  const back = async (id: string): Promise<readonly string[]> => {
    try {
      const unwell = await takeBack(host, request.project, id, store.current);
      for (const one of unwell) log.warning(`release ${id} is taken back, but: ${one}`);
      return unwell;
    } catch (error) {
      if (!(error instanceof HostFailure)) throw error;
      const failed: Deed = { release: id, verdict: 'failed', cause: error.message };
      await shell.run(recordText(layout, request, [...deeds, failed])).catch(() => undefined);
      throw new StillHalf(shell.name, id, error);
    }
  };
  for (const { id } of unfinished) {
    log.warning(`release ${id} was left between two releases by an earlier run: taking it back first`);
    const unwell = await back(id);
    deeds.push({ release: id, verdict: 'taken-back', ...(unwell.length === 0 ? {} : { cause: unwell.join('; ') }) });
  }
  for (const { id, hooked } of leftovers) {
    const begun = hooked ? hooksAreNotUndone(await hooksBegun(shell, layout.release(id)), true) : [];
    for (const words of begun) log.warning(`release ${id}, of a run that ended before its switch: ${words}`);
    // Their containers and the networks that were made for them, not what they did.
    if (hooked) await back(id);
    deeds.push({ release: id, verdict: 'removed', ...(begun.length === 0 ? {} : { cause: begun.join('; ') }) });
  }
  deeds.push(
    ...rooms.filter((one) => !leftovers.includes(one)).map(({ id }): Deed => ({ release: id, verdict: 'cleared' })),
    ...(unpointed === undefined ? [] : [{ release: unpointed.id, verdict: 'finished' } as const]),
    ...unended.filter(({ id }) => id !== unpointed?.id).map(({ id }): Deed => ({ release: id, verdict: 'ended' })),
  );
  const directories = leftovers.map(({ id }) => layout.release(id).directory);
  const { stdout } = await shell.run(
    lines(
      ...rooms.map(({ id }) => clearRoomText(layout.release(id))),
      directories.length === 0 ? sh`:` : sh`rm -rf ${directories}`,
      unpointed === undefined ? sh`:` : serveText(layout, unpointed.id),
      ...unended.map(({ id }) => finishText(layout.release(id))),
      misnamed ? healText(host, request.project) : sh`:`,
      recordText(layout, request, deeds),
    ),
  );
  for (const line of keptWarnings(stdout)) log.warning(line);
  const healed = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('kept /'));
  for (const line of healed) log.warning(line);
  const names: Deed[] = healed
    .filter((line) => line.endsWith(' again'))
    .map((cause) => ({ release: undefined, verdict: 'names-healed', cause }));
  if (names.length > 0) await shell.run(recordText(layout, request, names));
  return { store: await readStore(shell, layout), deeds: [...deeds, ...names] };
}

function recordText(layout: Layout, request: DeployRequest, deeds: readonly Deed[]): ShellText {
  return lines(sh`umask 077`, ...deeds.map((deed) => sh`printf '%s\n' ${deedLine(request, deed)} >>${layout.log}`));
}

function clearRoomText({ directory }: ReleaseLayout): ShellText {
  return lines(sh`release=${directory}`, CLEAR_ROOM, sh`clear_room`);
}

/** Not more than the names: what is half replaced here may be an operator's own Compose at work. */
function healText({ docker }: OpenHost, project: string): ShellText {
  return lines(sh`project=${project}`, sh`docker() { ${docker} "$@"; }`, HEAL_NAMES, sh`heal_names free`);
}

/** Releases whose switch had begun and that were neither confirmed nor taken back whole. */
function half(store: Store): StoredRelease[] {
  return store.releases.filter(
    ({ begun, decision, reverted }) => begun && (decision === undefined || (decision === 'reverting' && !reverted)),
  );
}

/** Its run died before the switch, also where it was cancelled while a hook was at work. */
function cameToNothing({ begun, decision, recorded }: StoredRelease): boolean {
  return !begun && (decision === undefined || (decision === 'reverting' && !recorded));
}

/** By their titles, as the journal has them. */
async function hooksBegun(shell: HostShell, { journal }: ReleaseLayout): Promise<string[]> {
  const { stdout } = await shell.run(sh`sed -n ${'s/^[0-9.]* begin hooks:[0-9]* hook //p'} ${journal}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What a run that died between the decision and the pointer had still to do. */
function serveText(layout: Layout, id: string): ShellText {
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
