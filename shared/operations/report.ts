/** Collects what a run learns, and says how it ended: cause first, then the state of the host. */
import { HostFailure, messageOf, UserError } from '../base/errors.js';
import type { Plan } from '../release/plan.js';
import { changedServices } from '../release/plan.js';
import { decideText, pointText, type Store } from '../release/store.js';
import { sh } from '../ssh/shell-text.js';
import { recordFailure, recordNothingDone } from './conclude.js';
import { downtimes, type ContainerEvent } from './downtime.js';
import { Unhealthy } from './gate.js';
import type { OpenHost } from './open-host.js';
import type { Phases } from './phases.js';
import type { PreparedRelease } from './prepared.js';
import { logLine, makeManifest } from './record.js';
import type { DeployRequest } from './request.js';
import type { DeployResult, Failure, Verdict } from './result.js';
import { StepFailed, type Switching } from './switching.js';
import type { Return } from './turn-back.js';

export class Report {
  readonly request: DeployRequest;
  readonly phases: Phases;
  readonly #host: OpenHost;
  #store: Store | undefined;
  #staged: string | undefined;
  #plan: Plan | undefined;
  #release: PreparedRelease | undefined;
  #downtimes: Record<string, number> | undefined;
  #failure: Failure | undefined;
  #volumesLeft: readonly string[] = [];

  constructor(host: OpenHost, request: DeployRequest, phases: Phases) {
    this.#host = host;
    this.request = request;
    this.phases = phases;
  }

  foundStore(store: Store): void {
    this.#store = store;
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

  /** @returns the longest of any service, in milliseconds */
  measuredDowntime(events: readonly ContainerEvent[], { observedBefore, staged }: PreparedRelease): number {
    const running = [...observedBefore].map(([service, containers]): [string, string[]] => [
      service,
      containers.filter(({ status }) => status === 'running').map(({ id }) => id),
    ]);
    const wanted = running.filter(([service]) => staged.model.services[service] !== undefined);
    const checked = (service: string): boolean => staged.model.services[service]?.healthcheck?.disabled === false;
    this.#downtimes = downtimes(events, new Map(wanted), checked, events.at(-1)?.time ?? 0);
    return Math.max(0, ...Object.values(this.#downtimes));
  }

  /** Nothing that serves was touched. */
  async failedBeforeSwitch(error: unknown): Promise<DeployResult> {
    const serving = this.#store?.current?.id;
    const state =
      serving === undefined ? 'nothing was changed' : `nothing was changed: release ${serving} serves as before`;
    this.#failure = this.#describe(error, `${this.#host.shell.name}: ${state}`, await this.#lastWords(error));
    // What a person has to repair first is no operation yet on a host that knows nothing of us.
    const line = error instanceof UserError && this.knowsNoRelease ? undefined : this.#line('failed');
    await recordNothingDone(this.#host, this.#staged, line).catch(() => undefined);
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
      request.rollback === 'auto' ? await this.phases.run('return', turnBack) : await this.#leave(release);
    const verdict = returned.complete && request.rollback === 'auto' ? 'rolled-back' : 'failed';
    this.measuredDowntime(switching.feed.seen, release);
    this.#failure = { ...this.#failure, hostState: returned.hostState };
    if (release.previous === undefined) await this.#nameVolumes(release);
    const manifest = makeManifest(host, request, release, { verdict, phases: this.phases.times, downtime: undefined });
    await recordFailure(host, release, manifest, this.#line(verdict)).catch(() => undefined);
    return this.finished(verdict);
  }

  finished(verdict: Verdict): DeployResult {
    const previous = this.#store?.current;
    const release = this.#release;
    const served = verdict === 'deployed' ? release?.id : previous?.id;
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
      sessions: this.#host.shell.sessions,
    };
  }

  #images(verdict: Verdict): [string, { reference: string; id: string }][] {
    if (verdict === 'deployed' && this.#release !== undefined) {
      return [...this.#release.images].map(([service, { reference, pinned, id }]) => [
        service,
        { reference: pinned ?? reference, id },
      ]);
    }
    return Object.entries(this.#store?.current?.services ?? {}).map(([service, { image }]) => [
      service,
      { reference: image.pinned ?? image.reference, id: image.id },
    ]);
  }

  #describe(error: unknown, hostState: string, lastWords: readonly string[] = []): Failure {
    const own = error instanceof HostFailure || error instanceof StepFailed ? error.lastLines : [];
    const message = error instanceof Error && error.name === 'AbortError' ? 'the job was cancelled' : messageOf(error);
    return { phase: this.phases.current, message, lastLines: [...own, ...lastWords], hostState };
  }

  /** What the unhealthy containers printed last: a return takes them away. */
  async #lastWords(error: unknown): Promise<string[]> {
    if (!(error instanceof Unhealthy)) return [];
    const logs = await Promise.all(
      error.containers.slice(0, 3).map(async (id) => this.#host.engine.logs(id, 30).catch(() => [])),
    );
    return logs.flat();
  }

  async #leave(release: PreparedRelease): Promise<Return> {
    const { layout } = this.#host;
    await this.#host.shell
      .run(sh`${decideText(release.layout, 'kept')} && ${pointText(layout, release.layout)}`)
      .catch(() => undefined);
    return { complete: false, hostState: 'the host was left as it is, since `rollback: never` was asked for' };
  }

  async #nameVolumes(release: PreparedRelease): Promise<void> {
    const now = await this.#host.engine.volumes(this.request.project).catch(() => []);
    this.#volumesLeft = now.filter((name) => !release.volumesBefore.includes(name));
  }

  #line(verdict: Verdict): string {
    return logLine(this.request, {
      release: this.#plan?.release,
      previous: this.#store?.current?.id,
      verdict,
      duration: this.phases.elapsed,
      ...(this.#failure === undefined ? {} : { cause: this.#failure.message }),
    });
  }
}
