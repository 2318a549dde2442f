/**
 * A file that an editor replaced after it was mounted by itself: its container goes on with the old one, and a new container,
 * as a return would make it, gets the new one.
 */
import type { ContainerDetails } from '../host/engine.js';
import { joined, lines, sh } from '../ssh/shell-text.js';
import type { FoundFile } from './adoption-look.js';
import type { OpenHost } from './open-host.js';

export interface EditedMount {
  readonly container: string;
  readonly source: string;
  /** What the container has now; `unknown`: it could not be looked at. */
  readonly inside: 'same' | 'other' | 'unknown';
}

/** @param files what lies at the sources of the mounts now */
export async function editedMounts(
  { shell, docker }: OpenHost,
  containers: readonly ContainerDetails[],
  files: ReadonlyMap<string, FoundFile>,
): Promise<EditedMount[]> {
  const edited = containers.flatMap(({ id, name, status, startedAt, mounts }) =>
    status !== 'running' || startedAt === undefined
      ? []
      : mounts
          .filter(({ type, source }) => type === 'bind' && (files.get(source)?.changedAt ?? 0) > startedAt / 1000)
          .map(({ source, destination }) => ({ id, name, source, destination })),
  );
  if (edited.length === 0) return [];
  const { stdout } = await shell.run(
    lines(
      sh`look() {
  ${docker} exec "$1" cat "$2" >/dev/null 2>&1 || { echo unknown; return; }
  inside=$(${docker} exec "$1" cat "$2" | sha256sum)
  test "$inside" = "$(sha256sum <"$3")" && echo same || echo other
}`,
      joined(
        edited.map(({ id, source, destination }) => sh`look ${id} ${destination} ${source}`),
        '\n',
      ),
    ),
  );
  const answers = stdout.split('\n');
  return edited.map(({ name, source }, index) => {
    const answer = answers[index];
    return { container: name, source, inside: answer === 'same' || answer === 'other' ? answer : 'unknown' };
  });
}
