/** Collects what a run learns, and says how it ended: cause first, then the state of the host. */
import { HostFailure, messageOf, UserError } from '../base/errors.js';
import type { Plan } from '../release/plan.js';
import { changedServices } from '../release/plan.js';
import type { Store } from '../release/store.js';
import { sh } from '../ssh/shell-text.js';
import { letImagesGo, recordFailure, recordNothingDone } from './conclude.js';
import { downtimes } from './downtime.js';
import type { EventFeed } from './event-feed.js';
import { Unhealthy } from './gate.js';
import { hooksAreNotUndone } from './hook-words.js';
import { leave } from './leave.js';
import { NotBegun } from './meanwhile.js';
import type { OpenHost } from './open-host.js';
import type { Phases } from './phases.js';
import type { PreparedRelease } from './prepared.js';
import { logLine, makeManifest } from './record.js';
import { describeDeed, StillHalf, stateBeforeSwitch, type Deed, type Recovered } from './recovered.js';
import type { DeployRequest } from './request.js';
import type { DeployResult, Failure, Verdict } from './result.js';
import { StepFailed, type Switching } from './switching.js';
import type { Return } from './turn-back.js';

export class Report {
  /** As it was asked; once the host was looked at, with all that it leaves to the host. */
  request: DeployRequest;
  readonly phases: Phases;
  readonly #host: OpenHost;
  #store: Store | undefined;
  #deeds: readonly Deed[] = [];
  #staged: string | undefined;
  #plan: Plan | undefined;
  #release: PreparedRelease | undefined;
  #downtimes: Record<string, number> | undefined;
  #failure: Failure | undefined;
  #servesNote = '';
  #volumesLeft: readonly string[] = [];
  /** Where a run ended on another release than it should have. */
  #serving: string | undefined;
  /** What serves now cannot be said. */
  #unsure = false;

  constructor(host: OpenHost, request: DeployRequest, phases: Phases) {
    this.#host = host;
    this.request = request;
    this.phases = phases;
  }

  recovered({ store, deeds }: Recovered): void {
    this.#store = store;
    this.#deeds = deeds;
  }

  /** Somebody else is at work: what the host names now holds unless that run changes it. */
  lockNotFree(store: Store | undefined): void {
    if (store?.current === undefined) return;
    this.#store = store;
    this.#servesNote = ', unless the other run changes that';
  }

  /** Nothing was ever deployed by Homeport there. */
  get knowsNoRelease(): boolean {
    return this.#store?.releases.length === 0;
  }

  /** The folder that a run which comes to nothing leaves no trace of. */
  staged(directory: string): void {
    this.#staged = directory;
  }

  planned(plan: Plan): void {
    this.#plan = plan;
  }

  prepared(release: PreparedRelease): void {
    this.#release = release;
    this.#plan = release.plan;
  }

  /** From here on the release's folder is the host's way back, and its images are those that may serve. */
  switchBegins(): void {
    this.#staged = undefined;
  }

  /** @returns the longest of any service, in milliseconds; undefined when it is not known */
  measuredDowntime({ seen, lost }: EventFeed, { observedBefore, staged }: PreparedRelease): number | undefined {
    if (lost) return undefined;
    const running = [...observedBefore].map(([service, containers]): [string, string[]] => [
      service,
      containers.filter(({ status }) => status === 'running').map(({ id }) => id),
    ]);
    const wanted = running.filter(([service]) => staged.model.services[service] !== undefined);
    const checked = (service: string): boolean => staged.model.services[service]?.healthcheck?.disabled === false;
    this.#downtimes = downtimes(seen, new Map(wanted), checked, seen.at(-1)?.time ?? 0);
    return Math.max(0, ...Object.values(this.#downtimes));
  }

  /** Nothing that serves was touched. */
  async failedBeforeSwitch(error: unknown): Promise<DeployResult> {
    this.#unsure = error instanceof StillHalf;
    const state = stateBeforeSwitch(error, this.#deeds, this.#servesStill(': '));
    this.#failure = this.#describe(error, `${this.#host.shell.name}: ${state}`, await this.#lastWords(error));
    // What a person has to repair first is no operation yet on a host that knows nothing of us; a plan is never one.
    const early = error instanceof UserError && this.knowsNoRelease;
    const line = early || this.request.operation === 'plan' ? undefined : this.line('failed');
    const id = this.#plan?.release;
    await Promise.all([
      recordNothingDone(this.#host, this.#staged, line),
      id === undefined ? undefined : letImagesGo(this.#host, this.request.project, id),
    ]).catch(() => undefined);
    return this.finished('failed');
  }

  /** Hooks ran, and what they did to the data stays: the folder is kept for its logs. */
  async failedAtHooks(error: unknown, switching: Switching): Promise<DeployResult> {
    const { host, request, release, scripts } = switching;
    const known = error instanceof StepFailed || error instanceof NotBegun || switching.hooksBegun.length > 0;
    const begun = known
      ? switching.hooksBegun
      : scripts.steps.hooks.flatMap(({ step }) => (step.kind === 'hook' ? step.title : []));
    const state = `${host.shell.name}: no service was changed${this.#servesStill(': ')}`;
    this.#failure = this.#describe(error, [state, ...hooksAreNotUndone(begun, known)].join('\n'));
    const networks = await host.engine.networks(request.project).catch(() => []);
    const made = networks.filter((name) => !release.networksBefore.includes(name));
    if (made.length > 0) await host.shell.run(sh`${host.docker} network rm ${made}`).catch(() => undefined);
    await this.#nameVolumes(release);
    const manifest = makeManifest(host, request, release, {
      verdict: 'failed',
      phases: this.phases.times,
      downtime: undefined,
    });
    await recordFailure(host, release, manifest, this.line('failed')).catch(() => undefined);
    return this.finished('failed');
  }

  async failedAfterSwitch(
    error: unknown,
    switching: Switching,
    turnBack: () => Promise<Return>,
  ): Promise<DeployResult> {
    const { host, request, release } = switching;
    const lastWords = await this.#lastWords(error);
    this.#failure = this.#describe(error, '', lastWords);
    const returned =
      request.rollback === 'auto' ? await this.phases.run('return', turnBack) : await leave(switching, this.phases);
    const verdict = returned.complete && request.rollback === 'auto' ? 'rolled-back' : 'failed';
    this.measuredDowntime(switching.feed, release);
    const data = request.rollback === 'auto' ? hooksAreNotUndone(switching.hooksBegun, true) : [];
    this.#failure = { ...this.#failure, hostState: [returned.hostState, ...data].join('\n') };
    this.#serving = returned.serving;
    this.#unsure = returned.unsure === true;
    if (release.previous === undefined) await this.#nameVolumes(release);
    const manifest = makeManifest(host, request, release, { verdict, phases: this.phases.times, downtime: undefined });
    const record =
      returned.serving === undefined
        ? recordFailure(host, release, manifest, this.line(verdict))
        : recordNothingDone(host, undefined, this.line(verdict));
    await record.catch(() => undefined);
    if (verdict === 'rolled-back') await letImagesGo(host, request.project, release.id).catch(() => undefined);
    return this.finished(verdict);
  }

  finished(verdict: Verdict): DeployResult {
    const previous = this.#store?.current;
    const release = this.#release;
    const still = this.#unsure ? undefined : previous?.id;
    const served = verdict === 'deployed' ? release?.id : (this.#serving ?? still);
    const downtimeValues = Object.values(this.#downtimes ?? {});
    return {
      verdict,
      host: this.#host.shell.name,
      project: this.request.project,
      release: verdict === 'unchanged' ? previous?.id : (this.#plan?.release ?? undefined),
      previousRelease: previous?.id,
      servingRelease: served,
      plan: this.#plan,
      changed: verdict === 'deployed' && this.#plan !== undefined ? changedServices(this.#plan) : [],
      downtime: this.#downtimes === undefined ? undefined : Math.max(0, ...downtimeValues),
      downtimes: this.#downtimes ?? {},
      duration: this.phases.elapsed,
      phases: this.phases.times,
      images: Object.fromEntries(this.#images(verdict)),
      failure: this.#failure,
      warnings: this.#plan?.warnings ?? [],
      volumesLeft: this.#volumesLeft,
      recovered: this.#deeds.map(describeDeed),
      sessions: this.#host.shell.sessions,
    };
  }

  #images(verdict: Verdict): [string, { reference: string; id: string }][] {
    if (this.#release !== undefined && (verdict === 'deployed' || this.#serving === this.#release.id)) {
      return [...this.#release.images].map(([service, { reference, pinned, id }]) => [
        service,
        { reference: pinned ?? reference, id },
      ]);
    }
    if (this.#unsure) return [];
    return Object.entries(this.#store?.current?.services ?? {}).map(([service, { image }]) => [
      service,
      { reference: image.pinned ?? image.reference, id: image.id },
    ]);
  }

  #describe(error: unknown, hostState: string, lastWords: readonly string[] = []): Failure {
    const own = error instanceof HostFailure || error instanceof StepFailed ? error.lastLines : [];
    const message = error instanceof Error && error.name === 'AbortError' ? 'the job was cancelled' : messageOf(error);
    const problems = error instanceof UserError ? error.problems : [];
    return { phase: this.phases.current, message, problems, lastLines: [...own, ...lastWords], hostState };
  }

  /** What the unhealthy containers printed last: a return takes them away. */
  async #lastWords(error: unknown): Promise<string[]> {
    if (!(error instanceof Unhealthy)) return [];
    const logs = await Promise.all(
      error.containers.slice(0, 3).map(async (id) => this.#host.engine.logs(id, 30).catch(() => [])),
    );
    return logs.flat();
  }

  #servesStill(lead: string): string {
    const serving = this.#store?.current?.id;
    return serving === undefined ? '' : `${lead}release ${serving} serves as before${this.#servesNote}`;
  }

  async #nameVolumes(release: PreparedRelease): Promise<void> {
    const now = await this.#host.engine.volumes(this.request.project).catch(() => []);
    this.#volumesLeft = now.filter((name) => !release.volumesBefore.includes(name));
  }

  /** For the host's log. */
  line(verdict: Verdict): string {
    return logLine(this.request, {
      release: this.#plan?.release,
      previous: this.#store?.current?.id,
      verdict,
      duration: this.phases.elapsed,
      ...(this.#failure === undefined ? {} : { cause: this.#failure.message }),
    });
  }
}
