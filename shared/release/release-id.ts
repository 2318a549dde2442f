/** A release's id sorts by time and names the commit: `20261122T021103Z-3f2a1c9`. */

/** The next id: never older than the newest one known, whatever the runner's clock says. */
export function nextReleaseId(now: Date, commit: string, newest: string | undefined): string {
  const after = newest === undefined ? 0 : (releaseTime(newest)?.getTime() ?? 0) + 1000;
  const time = new Date(Math.max(now.getTime(), after));
  const stamp = time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${stamp}-${shortName(commit)}`;
}

/** When a release was made; undefined for what is no release id. */
export function releaseTime(id: string): Date | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-z]+$/.exec(id);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  return new Date(Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second));
}

function shortName(commit: string): string {
  const plain = commit.toLowerCase().replaceAll(/[^0-9a-z]/g, '');
  return plain === '' ? '0000000' : plain.slice(0, 7);
}
