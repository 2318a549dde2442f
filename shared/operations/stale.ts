/** A run that is older than the one that serves: somebody runs an old workflow again, or one that waited long comes last. */
import { UserError } from '../base/errors.js';
import type { Manifest } from '../release/manifest.js';
import type { DeployRequest } from './request.js';

/**
 * Runs of one repository are numbered in the order of their start, across workflows; one that is run again keeps its number.
 * Of runs elsewhere, or of none, nothing is known, and nothing is refused.
 * @throws UserError when an older run would put another commit over the one that serves
 */
export function refuseStaleRun(request: DeployRequest, current: Manifest | undefined): void {
  if (request.stale === 'allow' || request.operation === 'plan' || current === undefined) return;
  const [mine, serving] = [numbered(request.runUrl), numbered(current.runUrl)];
  if (mine === undefined || serving === undefined || mine.repository !== serving.repository) return;
  if (mine.number >= serving.number || request.commit === current.commit) return;
  throw new UserError(
    `this run, of commit ${short(request.commit)}, is older than the one that deployed what serves: commit ${short(current.commit)}, ` +
      `${current.runUrl}, ${current.createdAt}. It would put old code over new. To deploy it all the same, set \`stale: allow\``,
  );
}

function numbered(runUrl: string): { repository: string; number: bigint } | undefined {
  const [, repository, number] = /^(.+)\/actions\/runs\/(\d+)/.exec(runUrl) ?? [];
  return repository === undefined || number === undefined ? undefined : { repository, number: BigInt(number) };
}

const short = (commit: string): string => commit.slice(0, 7);
