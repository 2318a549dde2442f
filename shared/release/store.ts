/** The releases on a host: reading what is there, in one session, and writing what was decided, in one session. */
import { HostFailure } from '../base/errors.js';
import type { Layout, ReleaseLayout } from '../host/layout.js';
import type { HostShell } from '../ssh/host-shell.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { parseManifest, type Manifest } from './manifest.js';
import { releaseTime } from './release-id.js';

export type Decision = 'confirmed' | 'reverting' | 'kept';

export interface StoredRelease {
  readonly id: string;
  readonly decision: Decision | undefined;
  /** Whether its switch had begun: then the host may be anywhere between two releases. */
  readonly begun: boolean;
  /** Whether its hooks had begun: what they did to the data stays, whatever became of the release. */
  readonly hooked: boolean;
  /** Whether its revert came to its end, with every step done. */
  readonly reverted: boolean;
  /** Whether its run came to write down how it ended. */
  readonly recorded: boolean;
  /** Whether what follows a decision to serve is still to be done. */
  readonly unfinished: boolean;
  /** Whether a hook's job was killed before it took the mount points away that it had made. */
  readonly roomLeft: boolean;
}

export interface Store {
  /** The release that serves. */
  readonly current: Manifest | undefined;
  readonly releases: readonly StoredRelease[];
}

const MANIFEST_FOLLOWS = '--- homeport manifest';

/** @throws HostFailure when the folder cannot be read, Error when the manifest is of another version. */
export async function readStore(shell: HostShell, layout: Layout): Promise<Store> {
  const result = await shell.run(storeText(layout));
  if (result.status !== 0)
    throw new HostFailure(shell.name, `the releases in ${layout.releases} cannot be read`, result.stderr.split('\n'));
  const [list = '', manifest = ''] = result.stdout.split(`${MANIFEST_FOLLOWS}\n`);
  const releases = list.split('\n').flatMap((line): StoredRelease[] => {
    const [id, decision, begun, hooked, reverted, recorded, unfinished, room] = line.split(' ');
    if (id === undefined || room === undefined || releaseTime(id) === undefined) return [];
    return [
      {
        id,
        decision: knownDecision(decision),
        begun: begun === 'begun',
        hooked: hooked === 'hooked',
        reverted: reverted === 'reverted',
        recorded: recorded === 'recorded',
        unfinished: unfinished === 'unfinished',
        roomLeft: room === 'room',
      },
    ];
  });
  return { current: manifest.trim() === '' ? undefined : parseManifest(manifest), releases };
}

function storeText(layout: Layout): ShellText {
  return lines(
    sh`set -u`,
    sh`cd ${layout.releases} 2>/dev/null || exit 0`,
    sh`for id in *; do`,
    sh`  test -d "$id" || continue`,
    sh`  decision=none; test -e "$id/decision" && decision=$(cat "$id/decision")`,
    sh`  begun=no; grep -q '^[0-9.]* begin switch:' "$id/journal" 2>/dev/null && begun=begun`,
    sh`  hooked=no; grep -q '^[0-9.]* begin hooks:' "$id/journal" 2>/dev/null && hooked=hooked`,
    sh`  reverted=no; grep -q '^[0-9.]* done revert:0 0 failed' "$id/journal" 2>/dev/null && reverted=reverted`,
    sh`  recorded=no; test -e "$id/manifest.json" && recorded=recorded`,
    sh`  unfinished=no; test -e "$id/finish" && case $decision in confirmed | kept) unfinished=unfinished ;; esac`,
    sh`  room=no; test -e "$id/room" && room=room`,
    sh`  echo "$id $decision $begun $hooked $reverted $recorded $unfinished $room"`,
    sh`done`,
    sh`echo ${MANIFEST_FOLLOWS}`,
    sh`cat ${layout.current}/manifest.json 2>/dev/null || :`,
  );
}

/** The newest release known, whatever became of it: ids only go up. */
export function newestRelease(store: Store): string | undefined {
  return store.releases
    .map(({ id }) => id)
    .sort()
    .at(-1);
}

/** Takes the one decision of a release; `lost` when another one was there first. */
export function decideText(release: ReleaseLayout, decision: Decision): ShellText {
  return sh`ln ${`${release.directory}/decision.${decision}`} ${release.decision} 2>/dev/null`;
}

/** Takes the one decision of a release, unless it is taken already. @returns the one that stands: the first wins */
export async function decide(
  shell: HostShell,
  release: ReleaseLayout,
  decision: Decision,
): Promise<Decision | undefined> {
  const result = await shell.run(lines(decideText(release, decision), sh`cat ${release.decision} 2>/dev/null`));
  return knownDecision(result.stdout.trim());
}

function knownDecision(word: string | undefined): Decision | undefined {
  return word === 'confirmed' || word === 'reverting' || word === 'kept' ? word : undefined;
}

/** Relative, so that the folder can be moved. Not every `ln` does it in one step: what a death leaves, recover mends. */
export function pointText(layout: Layout, release: ReleaseLayout): ShellText {
  return sh`ln -sfn ${`releases/${release.id}`} ${layout.current}`;
}
