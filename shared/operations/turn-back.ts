/** The return: the host goes back by the script that was prepared before the switch, and is looked at afterwards. */
import { messageOf } from '../base/errors.js';
import { JobRefused, runJob } from '../host/job.js';
import { failedStep, unmetSteps } from '../host/journal.js';
import { decideText } from '../release/store.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { filesAsBefore, looksAsBefore } from './as-before.js';
import { missedOnReturn, missedWords } from './hooks-again.js';
import { jobOf } from './scripts.js';
import { StepFailed, type Switching } from './switching.js';

export interface Return {
  /** Whether the host is exactly where it was. */
  readonly complete: boolean;
  /** What state the host is in now, in one sentence. */
  readonly hostState: string;
  /** The release that serves now, where that is neither known to be the old one nor in doubt. */
  readonly serving?: string;
  /** Nobody knows what serves now, or it is neither release whole. */
  readonly unsure?: true;
}

const TAKEN_OVER = 76;
const CONFIRMED = 77;
const REVERTED = 78;

/** Never throws: whatever happens, what is known of the host is told. */
export async function turnBack(switching: Switching, cause: unknown): Promise<Return> {
  const { release } = switching;
  try {
    const failed = cause instanceof StepFailed && cause.turnedBack ? undefined : await revert(switching);
    const problems = [
      ...(failed === undefined ? [] : [`this failed on the way: ${failed}`]),
      ...(await looksAsBefore(switching)),
      ...(await filesAsBefore(switching)),
    ];
    const missed = missedWords(await missedOnReturn(switching));
    const state = problems.length > 0 ? `the return is not complete: ${problems.join('; ')}` : returnedState(switching);
    const hostState = [state, ...missed].join('\n');
    return problems.length === 0 ? { complete: true, hostState } : { complete: false, unsure: true, hostState };
  } catch (error) {
    return refused(error, switching) ?? unknownState(error, release.id);
  }
}

/** @returns the step that failed on the way back, if one did */
async function revert(switching: Switching): Promise<string | undefined> {
  const { host, release, log } = switching;
  try {
    const job = jobOf(host, release, 'revert');
    const result = await runJob(host.shell, job, { environment: host.environment, prepare: mayRevert(switching) });
    for (const line of result.lastLines) log.debug(line);
    const mine = result.entries.filter((entry) => entry.job === 'revert');
    for (const unmet of unmetSteps(mine)) log.warning(`on the way back, in vain: ${unmet}`);
    const ended = mine.some(({ word }) => word === 'done');
    return failedStep(mine)?.text ?? (ended ? undefined : 'it did not come to its end');
  } catch (error) {
    if (error instanceof JobRefused && error.status === REVERTED) return undefined;
    throw error;
  }
}

/**
 * Looked at under the job's own lock: the decision is taken once, and what another run confirmed, took over or took back
 * already is not ours to touch.
 */
function mayRevert({ host, release, token }: Switching): ShellText {
  const { layout } = release;
  return lines(
    sh`${decideText(layout, 'reverting')}`,
    sh`test "$(cat ${layout.decision})" = reverting || exit ${CONFIRMED}`,
    sh`test ! -e ${host.layout.lockToken} || test "$(cat ${host.layout.lockToken})" = ${token} || exit ${TAKEN_OVER}`,
    sh`! grep -q '^[0-9.]* done revert:0 0 failed' ${layout.journal} || exit ${REVERTED}`,
  );
}

function refused(error: unknown, { release }: Switching): Return | undefined {
  if (!(error instanceof JobRefused)) return undefined;
  // The connection may have been lost after the host was told to confirm: then it stays where it is.
  if (error.status === CONFIRMED)
    return {
      complete: false,
      serving: release.id,
      hostState: `release ${release.id} was confirmed all the same, and serves`,
    };
  if (error.status === TAKEN_OVER)
    return {
      complete: false,
      unsure: true,
      hostState: `another run took the lock over, and takes release ${release.id} back`,
    };
  return undefined;
}

function unknownState(error: unknown, release: string): Return {
  return {
    complete: false,
    unsure: true,
    hostState: `it is not known whether the host returned (${messageOf(error)}); the next run begins by taking release ${release} back`,
  };
}

function returnedState({ release, host, request }: Switching): string {
  if (release.previous !== undefined)
    return `${host.shell.name} serves release ${release.previous.id} again, exactly as before`;
  return `nothing of ${request.project} runs on ${host.shell.name}, as before`;
}
