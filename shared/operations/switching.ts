/** From one release to the next: the host runs the switch by itself, the gates are passed, the decision is taken. */
import { HostFailure } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { runJob, type JobOptions, type JobResult } from '../host/job.js';
import { causeOfFailure, failedStep, unmetSteps, type JournalEntry } from '../host/journal.js';
import type { Observed } from '../release/observed.js';
import { describeStep, type NumberedStep, type Step } from '../release/steps.js';
import { sh } from '../ssh/shell-text.js';
import { decidingWhenCancelled } from './cancelling.js';
import { gateServices, passHealthGate } from './gate.js';
import type { EventFeed } from './event-feed.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';
import { explained } from './meanwhile.js';
import { foreseenHash } from './planning.js';
import { differences } from './record.js';
import type { DeployRequest } from './request.js';
import { jobOf, type ReleaseScripts } from './scripts.js';

/** A step on the host failed. `turnedBack`: the host has returned by itself already. */
export class StepFailed extends Error {
  readonly lastLines: readonly string[];
  readonly turnedBack: boolean;

  constructor(message: string, lastLines: readonly string[], turnedBack: boolean) {
    super(message);
    this.name = 'StepFailed';
    this.lastLines = lastLines;
    this.turnedBack = turnedBack;
  }
}

export interface Switching {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly release: PreparedRelease;
  readonly scripts: ReleaseScripts;
  /** Of the lock that this run holds. */
  readonly token: string;
  readonly feed: EventFeed;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** The hooks that had begun so far: no return undoes what they did. */
  readonly hooksBegun: string[];
}

/** Writes the scripts beside each other and judges new files by those; nothing is changed by it. */
export async function runFileTests(switching: Switching): Promise<void> {
  await follow('tests', switching, { prepare: extractText(switching.release), entries: switching.scripts.entries });
}

/** The hooks that come before the switch; the old release serves. `written`: the scripts are on the host already. */
export async function runEarlyHooks(switching: Switching, written: boolean): Promise<void> {
  const entries = { prepare: extractText(switching.release), entries: switching.scripts.entries };
  await follow('hooks', switching, written ? {} : entries).catch((error: unknown) => {
    throw explained(error, switching.host.shell.name);
  });
}

/** The switch itself: the runner only follows. */
export async function runSwitch(switching: Switching, written: boolean): Promise<void> {
  const { release, scripts } = switching;
  const extract = written ? sh`:` : extractText(release);
  await follow('switch', switching, {
    prepare: sh`${extract}
${scripts.keepFiles}`,
    ...(written ? {} : { entries: scripts.entries }),
  }).catch((error: unknown) => {
    throw explained(error, switching.host.shell.name);
  });
}

/** All replicas of all services well, for as long as asked; and what runs is what was planned. */
export async function runHealthGate(switching: Switching, stable: number): Promise<Observed> {
  const { host, request, release, feed, signal } = switching;
  const observed = await passHealthGate({
    engine: host.engine,
    project: request.project,
    services: gateServices(release.staged.model, release.plan),
    before: release.observedBefore,
    timeout: request.health.timeout,
    stable,
    signal,
    nextEvent: async () => feed.next(),
  });
  const services = Object.keys(release.staged.model.services).map(
    (name): [string, Parameters<typeof differences>[0][string]] => [
      name,
      { image: release.images.get(name), configHash: foreseenHash(name, release) },
    ],
  );
  const wrong = differences(Object.fromEntries(services), observed);
  if (wrong.length > 0)
    throw new HostFailure(host.shell.name, `the host does not run what was planned: ${wrong.join('; ')}`);
  return observed;
}

export async function runLateHooks(switching: Switching): Promise<void> {
  await follow('after', switching, {});
}

async function follow(
  job: 'tests' | 'hooks' | 'switch' | 'after',
  switching: Switching,
  options: Omit<JobOptions, 'environment'>,
): Promise<void> {
  const { host, release, scripts } = switching;
  const result = await decidingWhenCancelled(switching, async () =>
    runJob(host.shell, jobOf(host, release, job), { environment: host.environment, ...options }),
  );
  conclude(result, job, scripts.steps[job], switching);
}

function extractText({ layout }: PreparedRelease): ReturnType<typeof sh> {
  return sh`tar -xpof - -C ${layout.directory} || exit 1`;
}

/**
 * Shows what a job printed; when it failed, that is the failure's own, to be shown with it.
 * @throws StepFailed naming the step and why it failed, with what its command printed last
 */
function conclude(result: JobResult, job: string, steps: readonly NumberedStep[], switching: Switching): void {
  const mine = result.entries.filter((entry) => entry.job === job);
  const stepOf = (number: number | undefined): Step | undefined => steps.find((one) => one.number === number)?.step;
  for (const { step } of mine.filter(({ word }) => word === 'begin')) {
    const begun = stepOf(step);
    if (begun?.kind === 'hook') switching.hooksBegun.push(begun.title);
  }
  if (mine.some(({ word }) => word === 'done')) {
    const show = (line: string): void => {
      if (job === 'switch') switching.log.debug(line);
      else switching.log.output(line);
    };
    result.lastLines.forEach(show);
    return;
  }
  const failed = failedStep(mine);
  const back = result.entries.filter((entry) => entry.job === 'revert');
  for (const unmet of unmetSteps(back)) switching.log.warning(`on the way back, in vain: ${unmet}`);
  const turnedBack = back.some(({ word }) => word === 'done') && failedStep(back) === undefined;
  const step = stepOf(failed?.step);
  const what = step === undefined ? `the ${job} ended without a word` : describeStep(step);
  const cancelled = `the job was cancelled${step === undefined ? '' : ` before: ${what}`}`;
  const message = failed?.word === 'decided' ? cancelled : `${what}: ${whyOf(failed, mine)}`;
  throw new StepFailed(message, result.lastLines, turnedBack);
}

/** Longer ones are in the output. */
const LONGEST_CAUSE = 300;

function whyOf(failed: JournalEntry | undefined, entries: readonly JournalEntry[]): string {
  if (failed?.word === 'lost-lock') return 'the lock was taken over by another run';
  const cause = failed === undefined ? undefined : causeOfFailure(entries, failed);
  if (cause === undefined) return 'failed';
  return cause.length > LONGEST_CAUSE ? `${cause.slice(0, LONGEST_CAUSE)}…` : cause;
}
