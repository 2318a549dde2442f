/** From one release to the next: the host runs the switch by itself, the gates are passed, the decision is taken. */
import { HostFailure } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { runJob, type JobResult } from '../host/job.js';
import { failedStep } from '../host/journal.js';
import type { Observed } from '../release/observed.js';
import { describeStep, type NumberedStep } from '../release/steps.js';
import { sh } from '../ssh/shell-text.js';
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
  /** The titles of the steps that had begun, the failed one too. */
  readonly begun: readonly string[];

  constructor(message: string, lastLines: readonly string[], turnedBack: boolean, begun: readonly string[] = []) {
    super(message);
    this.begun = begun;
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
}

/** Writes the scripts beside each other and runs the hooks that come before the switch; the old release serves. */
export async function runEarlyHooks(switching: Switching): Promise<void> {
  const { host, release, scripts, log } = switching;
  const result = await runJob(host.shell, jobOf(host, release, 'hooks'), {
    environment: host.environment,
    prepare: extractText(release),
    entries: scripts.entries,
  });
  for (const line of result.lastLines) log.output(line);
  throwIfFailed(result, 'hooks', scripts.steps.hooks);
}

/** The switch itself: the runner only follows. `written`: the scripts are on the host already. */
export async function runSwitch({ host, release, scripts, log }: Switching, written: boolean): Promise<void> {
  const extract = written ? sh`:` : extractText(release);
  const result = await runJob(host.shell, jobOf(host, release, 'switch'), {
    environment: host.environment,
    prepare: sh`${extract}
${scripts.keepFiles}`,
    ...(written ? {} : { entries: scripts.entries }),
  }).catch((error: unknown) => {
    throw explained(error);
  });
  for (const line of result.lastLines) log.debug(line);
  throwIfFailed(result, 'switch', scripts.steps.switch);
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

export async function runLateHooks({ host, release, scripts, log }: Switching): Promise<void> {
  const result = await runJob(host.shell, jobOf(host, release, 'after'), { environment: host.environment });
  for (const line of result.lastLines) log.output(line);
  throwIfFailed(result, 'after', scripts.steps.after);
}

function extractText({ layout }: PreparedRelease): ReturnType<typeof sh> {
  return sh`tar -xpof - -C ${layout.directory} || exit 1`;
}

/** @throws StepFailed naming the step, with what its command printed last */
function throwIfFailed(result: JobResult, job: string, steps: readonly NumberedStep[]): void {
  if (result.entries.some((entry) => entry.word === 'done' && entry.job === job)) return;
  const failed = failedStep(result.entries.filter((entry) => entry.job === job));
  const back = result.entries.filter((entry) => entry.job === 'revert');
  const turnedBack = back.some(({ word }) => word === 'done') && failedStep(back) === undefined;
  const step = steps.find(({ number }) => number === failed?.step);
  const what = step === undefined ? `the ${job} ended without a word` : describeStep(step.step);
  const why = failed?.word === 'lost-lock' ? 'the lock was taken over by another run' : 'failed';
  const begun = result.entries.filter((entry) => entry.job === job && entry.word === 'begin').map(({ text }) => text);
  throw new StepFailed(`${what}: ${why}`, result.lastLines, turnedBack, begun);
}
