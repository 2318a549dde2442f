/** The return: the host goes back by the script that was prepared before the switch, and is looked at afterwards. */
import { messageOf } from '../base/errors.js';
import { runJob } from '../host/job.js';
import { failedStep } from '../host/journal.js';
import { decide } from '../release/store.js';
import { jobOf } from './scripts.js';
import { looksAsBefore, StepFailed, type Switching } from './switching.js';

export interface Return {
  /** Whether the host is exactly where it was. */
  readonly complete: boolean;
  /** What state the host is in now, in one sentence. */
  readonly hostState: string;
}

/** Never throws: whatever happens, what is known of the host is told. */
export async function turnBack(switching: Switching, cause: unknown): Promise<Return> {
  const { host, release, log } = switching;
  try {
    if (!(cause instanceof StepFailed && cause.turnedBack)) {
      // The connection may have been lost after the host was told to confirm: then it stays where it is.
      if ((await decide(host.shell, release.layout, 'reverting')) === 'confirmed')
        return { complete: false, hostState: `release ${release.id} was confirmed all the same, and serves` };
      const result = await runJob(host.shell, jobOf(host, release, 'revert'), { environment: host.environment });
      for (const line of result.lastLines) log.debug(line);
      const failed = failedStep(result.entries.filter(({ job }) => job === 'revert'));
      if (failed !== undefined) log.warning(`on the way back, this failed: ${failed.text}`);
    }
    const problems = await looksAsBefore(switching);
    if (problems.length > 0)
      return { complete: false, hostState: `the return is not complete: ${problems.join('; ')}` };
    return { complete: true, hostState: returnedState(switching) };
  } catch (error) {
    return {
      complete: false,
      hostState: `it is not known whether the host returned (${messageOf(error)}); the next run begins by taking release ${release.id} back`,
    };
  }
}

function returnedState({ release, host, request }: Switching): string {
  if (release.previous !== undefined)
    return `${host.shell.name} serves release ${release.previous.id} again, exactly as before`;
  return `nothing of ${request.project} runs on ${host.shell.name}, as before`;
}
