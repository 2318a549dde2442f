/** Which releases go after a confirm: failed ones do not count, and what serves never goes. */

export interface KeptRelease {
  readonly id: string;
  readonly good: boolean;
}

/**
 * Ids to remove: good releases beyond the newest `keep`, and failed ones beyond as many again, which are kept for their logs.
 * `protectedIds` (what serves, what served last) stay whatever the numbers say.
 */
export function releasesToRemove(
  releases: readonly KeptRelease[],
  keep: number,
  protectedIds: readonly string[],
): string[] {
  const newestFirst = [...releases].sort((a, b) => (a.id < b.id ? 1 : -1));
  const beyond = (good: boolean): string[] =>
    newestFirst
      .filter((release) => release.good === good)
      .map(({ id }) => id)
      .slice(Math.max(1, keep));
  return [...beyond(true), ...beyond(false)].filter((id) => !protectedIds.includes(id));
}
