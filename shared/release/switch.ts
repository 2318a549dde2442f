/**
 * From the plan to the steps of the switch: files first, then what must make room, then service by service in dependency
 * order. Services of one level that do not wait for each other go side by side.
 */
import { inTheWay } from './claims.js';
import type { FileSignal } from './file-reaction.js';
import type { ReleaseImage } from './manifest.js';
import { namesFreed } from './moving-names.js';
import { followsNetwork, networkSteps } from './networks.js';
import { servingImage, type ObservedContainer } from './observed.js';
import type { ServicePlan } from './plan.js';
import { mergedNames, servingNames, type NamedService } from './serving-names.js';
import type { FileChange, NumberedStep, Retag, Step } from './steps.js';

export interface SwitchService extends ServicePlan {
  readonly wanted: ReleaseImage | undefined;
  /** Before the switch. */
  readonly containers: readonly ObservedContainer[];
  readonly dependsOn: Readonly<Record<string, string>>;
  /** What it publishes in the new release, `80/tcp`; and in the one that serves. */
  readonly ports: readonly string[];
  readonly portsBefore: readonly string[];
  /** As the new release's compose file fixes it. */
  readonly containerName: string | undefined;
  /** What makes it look up again where the services are that it depends on: proxies ask for addresses once, at their start. */
  readonly looksUp: FileSignal | undefined;
  /** Of the new release. */
  readonly replicas?: number;
}

export interface SwitchInput {
  readonly services: ReadonlyMap<string, SwitchService>;
  readonly levels: readonly (readonly string[])[];
  readonly files: readonly FileChange[];
  /** Networks whose options changed, by their names on the host. */
  readonly changedNetworks: readonly string[];
  /** Milliseconds that a dependency may take until its condition holds. */
  readonly healthTimeout: number;
  /** Hooks that need running services and therefore are steps: each after the level at which its services are up. */
  readonly hooks: readonly { readonly afterLevel: number; readonly step: Step }[];
}

/** The steps in order, numbered from 1. */
export function switchSteps(input: SwitchInput): NumberedStep[] {
  const steps: Step[] = [];
  if (input.files.length > 0) steps.push({ kind: 'install', changes: input.files });
  const services = [...input.services.values()];
  const names = new Set(services.flatMap(({ containerName }) => containerName ?? []));
  for (const removed of services.filter(({ action }) => action === 'remove')) steps.push(setAside(removed, names));
  input.hooks.filter(({ afterLevel }) => afterLevel < 0).forEach(({ step }) => steps.push(step));
  steps.push(...networkSteps(input));
  input.levels.forEach((level, index) => {
    const here = level.flatMap((name) => input.services.get(name) ?? []);
    steps.push(...upSteps(here, input), ...restartSteps(here), ...waitSteps(here, input));
    input.hooks.filter(({ afterLevel }) => afterLevel === index).forEach(({ step }) => steps.push(step));
  });
  // Last: what a proxy points to is up by then.
  steps.push(...signalSteps(services));
  return withRoom(steps, input).map((step, index) => ({ number: index + 1, step }));
}

/** Whether Compose itself would see no difference, so that it must be told to recreate. */
export function invisibleToCompose(plan: ServicePlan): boolean {
  const { action, reasons } = plan;
  if (followsNetwork(plan)) return true;
  return (
    action === 'recreate' &&
    !reasons.some((reason) => reason === 'image' || reason === 'config' || reason.startsWith('env: '))
  );
}

/** Whether `up` is what carries out this service's part of the plan. */
export function comesUp({ action }: ServicePlan): boolean {
  return action === 'create' || action === 'recreate' || action === 'start' || action === 'scale';
}

/** It keeps its containers until the confirm, but not a name that another service's container gets. */
function setAside({ service, containers }: SwitchService, names: ReadonlySet<string>): Step {
  const renamed = containers
    .filter(({ name }) => names.has(name))
    .map(({ id, name }) => ({ id, name: `${id.slice(0, 12)}_${name}` }));
  return {
    kind: 'stop',
    service,
    containers: containers.map(({ id }) => id),
    ...(renamed.length === 0 ? {} : { renamed }),
  };
}

/** Services side by side as far as they agree on what the image names mean. */
function upSteps(here: readonly SwitchService[], { services }: SwitchInput): Step[] {
  const find = (name: string): NamedService | undefined => named(services.get(name));
  const groups: { readonly force: boolean; readonly services: string[]; retags: Retag[] }[] = [];
  const due = here.filter(comesUp);
  for (const force of [true, false]) {
    for (const { service } of due.filter((one) => invisibleToCompose(one) === force)) {
      const own = servingNames(service, find);
      const group = groups.find((one) => one.force === force && mergedNames(one.retags, own) !== undefined);
      if (group === undefined) groups.push({ force, services: [service], retags: own });
      else {
        group.services.push(service);
        group.retags = mergedNames(group.retags, own) ?? group.retags;
      }
    }
  }
  return groups.map((group) => ({ kind: 'up', ...group, createOnly: false }));
}

/** What it serves with once its own turn has come; what is kept serves with what it has. */
function named(service: SwitchService | undefined): NamedService | undefined {
  if (service === undefined) return undefined;
  const { wanted, dependsOn, containers } = service;
  if (wanted === undefined) return { dependsOn, image: undefined };
  const id = comesUp(service) ? wanted.id : (servingImage(containers) ?? wanted.id);
  return { dependsOn, image: { reference: wanted.reference, id } };
}

/** Before each `up`, what holds a port that it needs and comes up only with it or later stops. */
function withRoom(steps: readonly Step[], { services }: SwitchInput): Step[] {
  const stopped = new Set(steps.flatMap((step) => (step.kind === 'stop' ? [step.service] : [])));
  return steps.flatMap((step, at) => {
    if (step.kind !== 'up') return [step];
    const earlier = steps.slice(0, at).flatMap((one) => (one.kind === 'up' ? one.services : []));
    const freed = namesFreed(step.services, services, new Set(earlier));
    const later = steps.slice(at).flatMap((one) => (one.kind === 'up' ? one.services : []));
    const holders = inTheWay(
      step.services,
      later.filter((service) => !stopped.has(service)),
      (service) => services.get(service)?.ports ?? [],
      (service) => services.get(service)?.portsBefore ?? [],
    );
    const stops = holders.flatMap((service): Step[] => {
      stopped.add(service);
      const running = services.get(service)?.containers.filter(({ status }) => status === 'running') ?? [];
      return running.length === 0 ? [] : [{ kind: 'stop', service, containers: running.map(({ id }) => id) }];
    });
    return [...stops, ...freed, step];
  });
}

function restartSteps(services: readonly SwitchService[]): Step[] {
  return services
    .filter(({ action }) => action === 'restart')
    .map(({ service, containers }) => ({ kind: 'restart', service, containers: containers.map(({ id }) => id) }));
}

function signalSteps(services: readonly SwitchService[]): Step[] {
  const renewed = new Set(services.filter(comesUp).map(({ service }) => service));
  return services.flatMap((one): Step[] => {
    const { service, action, dependsOn } = one;
    const containers = one.containers.map(({ id }) => id);
    if (action === 'signal' && one.signal !== undefined)
      return [{ kind: 'signal', service, containers, signal: one.signal }];
    const follows = Object.keys(dependsOn).filter((name) => renewed.has(name));
    const hears = one.containers.every(({ status }) => status === 'running');
    if (action !== 'keep' || one.looksUp === undefined || !hears || follows.length === 0) return [];
    return [{ kind: 'signal', service, containers, signal: one.looksUp, follows }];
  });
}

/** Only what was just brought up, or restarted, is waited for, and only when something that is still to come depends on it. */
function waitSteps(here: readonly SwitchService[], input: SwitchInput): Step[] {
  const seconds = Math.max(1, Math.ceil(input.healthTimeout / 1000));
  return here
    .filter((one) => comesUp(one) || one.action === 'restart')
    .flatMap(({ service }): Step[] => {
      const conditions = new Set(
        [...input.services.values()].filter(comesUp).flatMap(({ dependsOn }) => dependsOn[service] ?? []),
      );
      return [
        ...(conditions.has('service_completed_successfully')
          ? [{ kind: 'wait', service, condition: 'completed', seconds } as const]
          : []),
        ...(conditions.has('service_healthy')
          ? [{ kind: 'wait', service, condition: 'healthy', seconds } as const]
          : []),
      ];
    });
}
