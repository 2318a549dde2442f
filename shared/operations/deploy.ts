/**
 * How a deploy runs: connect, lock, recover what an earlier run left, stage the files, plan, fetch the images, hooks, switch,
 * health, confirm, prune, report. Until the switch the running stack is not touched; after it the deploy ends with the new
 * release healthy or with the old one exactly as it was.
 */
import { UserError } from '../base/errors.js';
import type { Shipment } from '../compose/shipment.js';
import type { Lock } from '../host/lock.js';
import type { Observed } from '../release/observed.js';
import { changesAnything } from '../release/plan.js';
import { readStore, type Store } from '../release/store.js';
import { gatherBesideHandMade, withSentence } from './adoption.js';
import { recordAdoption } from './adoption-record.js';
import { confirm, discard, prune } from './conclude.js';
import type { DeployContext } from './context.js';
import { EventFeed } from './event-feed.js';
import { fetchImages } from './fetch.js';
import { shipmentOfCheckout } from './gather.js';
import { leaveNoTrace } from './no-trace.js';
import { ChangedMeanwhile, NotBegun } from './meanwhile.js';
import { openHost, type OpenHost } from './open-host.js';
import { Phases } from './phases.js';
import { withFetchedImages } from './fetched-release.js';
import { planRelease } from './planned-release.js';
import { stageRelease } from './staged-release.js';
import { refuseStaleRun } from './stale.js';
import { takeLock } from './take-lock.js';
import { leaveUnchanged } from './unchanged.js';
import type { PreparedRelease } from './prepared.js';
import { makeManifest, logLine } from './record.js';
import { lookOnly, recover } from './recover.js';
import { Report } from './report.js';
import type { DeployRequest } from './request.js';
import type { DeployResult } from './result.js';
import { releaseScripts } from './scripts.js';
import { runEarlyHooks, runFileTests, runHealthGate, runLateHooks, runSwitch, type Switching } from './switching.js';
import { turnBack } from './turn-back.js';

/**
 * Deploys to the request's host.
 * @returns how it ended, also when it failed once the host was reached
 * @throws UserError for bad input, HostFailure for a host that cannot be reached; nothing was changed then
 */
export async function deploy(request: DeployRequest, context: DeployContext): Promise<DeployResult> {
  const phases = new Phases(context.log);
  const [address] = request.hosts;
  if (address === undefined) throw new UserError('no host is given: set `host` to user@host');
  const shipment = await shipmentOfCheckout(request, context.log);
  const host = await phases.run('connect', async () => openHost(address, request, context));
  const report = new Report(host, request, phases);
  try {
    const result = await deployTo(host, shipment, report, context);
    if (report.knowsNoRelease && result.verdict !== 'deployed') await leaveNoTrace(host).catch(() => undefined);
    return result;
  } finally {
    await host.close();
  }
}

async function deployTo(
  host: OpenHost,
  shipment: Shipment | undefined,
  report: Report,
  context: DeployContext,
): Promise<DeployResult> {
  const { request, phases } = report;
  try {
    const lock = await phases
      .run('lock', async () => takeLock(host, request, context))
      .catch(async (error: unknown) => {
        report.lockNotFree(await readStore(host.shell, host.layout).catch(() => undefined));
        throw error;
      });
    phases.tell((phase) => {
      lock.phase(phase);
    });
    const signal = AbortSignal.any([context.signal, lock.lost]);
    try {
      return await deployUnderLock(host, lock, shipment, report, { ...context, signal });
    } catch (error) {
      return await report.failedBeforeSwitch(error);
    } finally {
      await lock.release();
    }
  } catch (error) {
    return report.failedBeforeSwitch(error);
  }
}

async function deployUnderLock(
  host: OpenHost,
  lock: Lock,
  shipment: Shipment | undefined,
  report: Report,
  context: DeployContext,
): Promise<DeployResult> {
  const { phases, request: asked } = report;
  const { log, signal, hide } = context;
  const recovered = await phases.run('recover', async () =>
    asked.operation === 'plan' ? lookOnly(host.shell, host.layout, log) : recover(host, asked, log),
  );
  report.recovered(recovered);
  const { staged, store, adoption } = await phases.run('stage', async () => {
    refuseStaleRun(asked, recovered.store.current);
    const found = await gatherBesideHandMade(host, asked, shipment, { store: recovered.store, hide, log });
    const { request } = found.gathered;
    report.request = request;
    return { ...found, staged: await stageRelease({ host, request, log, hide }, found.gathered, found.store) };
  });
  const { request } = report;
  const preparation = { host, request, log, hide };
  report.staged(staged.layout.directory);
  const planned = await phases.run('plan', async () => planRelease(preparation, staged));
  report.planned(withSentence(planned.plan, adoption));
  signal.throwIfAborted();
  // Recorded when nothing stands in the way of the deploy any more, and before anything of the stack is changed.
  const adopted = async (): Promise<void> => {
    if (adoption === undefined) return;
    await phases.run('adopt', async () => recordAdoption(host, request, adoption, log));
    report.recovered({ ...recovered, store });
  };
  if (request.operation === 'plan') {
    await discard(host, request.project, planned.id);
    return report.finished('planned');
  }
  if (!changesAnything(planned.plan)) {
    await adopted();
    return leaveUnchanged(host, planned, report, signal);
  }
  const images = await phases.run('fetch', async () =>
    fetchImages({
      host,
      request,
      id: planned.id,
      staged: planned.staged,
      contexts: planned.shipment.contexts,
      images: planned.images,
      log,
      signal,
    }),
  );
  const release = await withFetchedImages(planned, images, { host, request });
  report.prepared(release);
  signal.throwIfAborted();
  await adopted();
  signal.throwIfAborted();
  if (!changesAnything(release.plan)) return leaveUnchanged(host, { ...planned, plan: release.plan }, report, signal);
  return switchTo(release, { host, lock, store, report, context });
}

interface Surroundings {
  readonly host: OpenHost;
  readonly lock: Lock;
  readonly store: Store;
  readonly report: Report;
  readonly context: DeployContext;
}

async function switchTo(release: PreparedRelease, surroundings: Surroundings): Promise<DeployResult> {
  const { host, lock, report, context } = surroundings;
  const { request, phases } = report;
  const { log, signal } = context;
  const feed = await EventFeed.open(host.engine, request.project);
  const scripts = releaseScripts({ host, request, release, token: lock.token });
  const switching: Switching = {
    host,
    request,
    release,
    scripts,
    token: lock.token,
    feed,
    log,
    signal,
    hooksBegun: [],
  };
  try {
    const tested = scripts.steps.tests.length > 0;
    if (tested) await phases.run('test', async () => runFileTests(switching));
    signal.throwIfAborted();
    report.switchBegins();
    if (scripts.steps.hooks.length > 0) {
      try {
        await phases.run('hooks', async () => runEarlyHooks(switching, tested));
        signal.throwIfAborted();
      } catch (error) {
        return await report.failedAtHooks(error, switching);
      }
    }
    return await switchAndConfirm(switching, surroundings);
  } finally {
    await feed.close().catch(() => undefined);
  }
}

async function switchAndConfirm(switching: Switching, { store, report }: Surroundings): Promise<DeployResult> {
  const { host, request, release, scripts, log } = switching;
  const { phases } = report;
  try {
    await phases.run('switch', async () =>
      runSwitch(switching, scripts.steps.tests.length + scripts.steps.hooks.length > 0),
    );
    const seen = await passGates(switching, phases);
    const downtime = report.measuredDowntime(switching.feed, release);
    const manifest = makeManifest(host, request, release, {
      verdict: 'deployed',
      phases: phases.times,
      downtime,
      seen,
    });
    const line = logLine(request, {
      release: release.id,
      previous: store.current?.id,
      verdict: 'deployed',
      duration: phases.elapsed,
    });
    await phases.run('confirm', async () => confirm({ ...switching, manifest, line }));
  } catch (error) {
    if (error instanceof ChangedMeanwhile || error instanceof NotBegun) return report.failedAtHooks(error, switching);
    return report.failedAfterSwitch(error, switching, async () => turnBack(switching, error));
  }
  await phases.run('prune', async () => prune(host, request, store, release.id, log));
  return report.finished('deployed');
}

/** Healthy first, then what may only happen on a healthy release, then healthy for as long as asked. */
async function passGates(switching: Switching, phases: Phases): Promise<Observed> {
  const { request, scripts } = switching;
  if (scripts.steps.after.length > 0) {
    await phases.run('health', async () => runHealthGate(switching, 0));
    await phases.run('hooks', async () => runLateHooks(switching));
  }
  return phases.run('health', async () => runHealthGate(switching, request.health.stable));
}
