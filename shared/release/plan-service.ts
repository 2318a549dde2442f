/** One service's part of the plan: what differs between what runs and what is wanted, and what that takes. */
import type { ServiceModel } from '../compose/model.js';
import type { FileReaction } from './file-reaction.js';
import { finishedWell, type ObservedContainer } from './observed.js';
import type { ServiceAction, ServicePlan } from './plan.js';

/** What a service shall be, as far as it is known: before the fetch an image may have no id on this host yet. */
export interface WantedService {
  readonly service: string;
  readonly model: ServiceModel;
  readonly replicas: number;
  readonly oneShot: boolean;
  /** The release in which it was seen to run: an end is none of its own then. */
  readonly ranIn?: string | undefined;
  /** What Compose will label it with; `undefined`: not to be foreseen, so it tells nothing. */
  readonly configHash: string | undefined;
  readonly imageReference: string;
  /** `undefined`: not on the host yet, so it differs from what runs. */
  readonly imageId: string | undefined;
  /** Mounted files whose content or mode on the host differs from what is shipped. */
  readonly changedFiles: readonly string[];
  /** Configs and secrets that are made of something else than in the release that serves, by their names. */
  readonly changedSources: readonly string[];
  readonly reaction: FileReaction;
  readonly force: boolean;
}

/** What will happen to a service, and why. */
export function planService(wanted: WantedService, running: readonly ObservedContainer[]): ServicePlan {
  const { service } = wanted;
  if (running.length === 0) {
    return wanted.replicas === 0
      ? { service, action: 'keep', reasons: [] }
      : { service, action: 'create', reasons: ['new'], image: { to: imageName(wanted) } };
  }
  const { reaction } = wanted;
  const from = running[0]?.imageId;
  const imageDiffers = running.some(({ imageId }) => imageId !== wanted.imageId);
  const reasons = [
    ...(imageDiffers ? ['image'] : []),
    ...(wanted.configHash !== undefined && running.some(({ configHash }) => configHash !== wanted.configHash)
      ? configReasons(wanted, running)
      : []),
    ...wanted.changedSources,
    ...(wanted.force ? ['asked for by force-recreate'] : []),
  ];
  const files = wanted.changedFiles.length === 0 ? [] : [`mounted files: ${wanted.changedFiles.join(', ')}`];
  const tested = files.length === 0 || reaction.test === undefined ? {} : { test: reaction.test };
  if (reasons.length > 0) {
    const image = imageDiffers ? { image: { ...(from === undefined ? {} : { from }), to: imageName(wanted) } } : {};
    return { service, action: 'recreate', reasons: [...reasons, ...files], ...image, ...tested };
  }
  if (running.length !== wanted.replicas) {
    const scale = `${running.length} -> ${wanted.replicas} replicas`;
    // Those that stay would go on with the old content.
    const action = files.length > 0 && reaction.action !== 'ignore' ? 'recreate' : 'scale';
    return { service, action, reasons: [scale, ...files], ...tested };
  }
  if (files.length > 0 && reaction.action !== 'ignore')
    return { service, ...reacting(reaction, running), reasons: files, ...tested };
  return { service, ...standing(wanted, running) };
}

/** What does not run, or not well, cannot be told to read anything. */
function reacting(
  { action, signal }: FileReaction,
  running: readonly ObservedContainer[],
): Pick<ServicePlan, 'action' | 'signal'> {
  if (action === 'restart') return { action };
  const hears = running.every(({ status }) => status === 'running');
  return action === 'signal' && signal !== undefined && hears ? { action, signal } : { action: 'recreate' };
}

/** What is the same, and may still not be running. */
function standing(
  wanted: WantedService,
  running: readonly ObservedContainer[],
): { action: ServiceAction; reasons: string[] } {
  if (running.every(({ status }) => status === 'running')) return { action: 'keep', reasons: [] };
  const states = [...new Set(running.map(({ status }) => status))].join(', ');
  if (wanted.oneShot && wanted.ranIn !== undefined)
    return { action: 'start', reasons: [`not running (${states}), and ran in release ${wanted.ranIn}`] };
  if (wanted.oneShot && finishedWell(running)) return { action: 'keep', reasons: ['finished'] };
  // A return re-creates a one-shot that had finished, and does not run it again.
  if (wanted.oneShot && running.every(({ status }) => status === 'created'))
    return { action: 'keep', reasons: ['finished before'] };
  return { action: wanted.oneShot ? 'recreate' : 'start', reasons: [`not running (${states})`] };
}

/** What of the config differs: environment keys by name, everything else as one word. */
function configReasons(wanted: WantedService, running: readonly ObservedContainer[]): string[] {
  const now = new Map((running[0]?.env ?? []).map((line) => splitPair(line)));
  const keys = Object.entries(wanted.model.environment)
    .filter(([key, value]) => now.get(key) !== (value ?? undefined))
    .map(([key]) => key)
    .sort();
  return keys.length === 0 ? ['config'] : [`env: ${keys.join(', ')}`];
}

function splitPair(line: string): [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
}

function imageName({ imageReference, imageId }: WantedService): string {
  return imageId ?? imageReference;
}
