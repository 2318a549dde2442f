/**
 * The way back, prepared before the switch and valid until the confirm: the mirror of the switch's steps, each due only when
 * the switch had begun its own. It never needs a registry: names are pointed at image IDs that are on the host.
 */
import { inTheWay } from './claims.js';
import type { Manifest } from './manifest.js';
import { namesBack } from './moving-names.js';
import { attachedBefore, firstDrop, networksBack } from './networks.js';
import { isAtRest, workIsDone } from './observed.js';
import { signalsAgain } from './reload.js';
import { forgottenNames, namedBefore, replicasGone } from './revert-names.js';
import { servingNames } from './serving-names.js';
import type { NumberedStep, Step } from './steps.js';
import { comesUp, invisibleToCompose, type SwitchInput, type SwitchService } from './switch.js';

export interface RevertInput extends SwitchInput {
  /** The release that serves; undefined before the first deploy, whose return takes everything of its own away. */
  readonly previous: Manifest | undefined;
  /** What the names that the switch moves meant before; undefined: nothing. */
  readonly namesBefore: ReadonlyMap<string, string | undefined>;
  /** Networks that do not exist yet. */
  readonly newNetworks: readonly string[];
  /** What the names of the one-off containers of hooks begin with; undefined when there are none. */
  readonly hookContainers?: string | undefined;
  /** Hooks that the release which is returned to has done again. */
  readonly again?: readonly Step[];
}

/** A step of the way back and the one of the switch that is its cause. */
export interface Due {
  readonly step: Step;
  readonly onlyIfBegun?: number;
}

export function revertSteps(input: RevertInput, switched: readonly NumberedStep[]): NumberedStep[] {
  const back = withRoom(
    oldLevels(input)
      .flat()
      .flatMap((name) => serviceBack(name, input, switched)),
    input,
    switched,
  );
  const due: Due[] = [
    ...(input.hookContainers === undefined
      ? []
      : [{ step: { kind: 'remove-hooks', names: input.hookContainers } } as const]),
    ...removals(input, switched),
    ...restoredFiles(input, switched),
    ...ownNames(input, switched),
    ...namesBack(input, switched),
    ...networksBack(input, switched),
    ...back,
    ...signalsAgain(switched),
    ...editsAgain(input, switched),
    ...forgottenNames(input, switched, back),
    ...input.newNetworks.map((network): Due => ({ step: { kind: 'remove-network', network } })),
    ...(input.again ?? []).map((step): Due => ({ step })),
  ];
  return due.map((one, index) => ({ number: index + 1, ...one }));
}

/** What did not exist before goes first, and with it the ports and names that the old release needs. */
function removals(input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const created = [...input.services.values()].filter(({ action }) => action === 'create');
  // The old release does not know it, and its container was there all the same, for its data.
  const kept = [...input.services.values()].filter(
    (one) => comesUp(one) && one.action !== 'create' && input.previous?.services[one.service] === undefined,
  );
  const due = (kind: 'remove-service' | 'stop-service', service: string): Due[] =>
    dueWith(switched, (step) => step.kind === 'up' && step.services.includes(service), { kind, service });
  return [
    ...kept.flatMap(({ service }) => due('stop-service', service)),
    ...created.reverse().flatMap(({ service }) => due('remove-service', service)),
  ];
}

/** Compose must find what the containers were made from, whatever someone wrote into it since. */
function restoredFiles(input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  return dueWith(switched, (step) => step.kind === 'install', {
    kind: 'restore',
    changes: [...input.files].reverse(),
    as: 'shipped',
  });
}

/** Of two containers of a service, one half made, Compose would be free to take the wrong one. */
function ownNames({ services }: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const replaces = (name: string): boolean => (services.get(name)?.containers.length ?? 0) > 0;
  return dueWith(switched, (step) => step.kind === 'up' && step.services.some(replaces), { kind: 'heal-names' });
}

/** That is then there again as well: it was not ours to take back. */
function editsAgain(input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const edited = input.files.filter(({ shippedBy }) => shippedBy !== undefined);
  if (edited.length === 0) return [];
  return dueWith(switched, (step) => step.kind === 'install', { kind: 'restore', changes: edited, as: 'before' });
}

/** The old release's own order; services that it did not know are gone by then. */
function oldLevels(input: RevertInput): readonly (readonly string[])[] {
  return input.previous?.levels ?? [];
}

function serviceBack(name: string, input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const service = input.services.get(name);
  if (service === undefined || service.action === 'keep') return [];
  if (service.action === 'remove')
    return attachedBefore(service, input.changedNetworks)
      ? [...nameAgain(service, switched), ...upAgain(service, input, switched)]
      : startAgain(service, switched);
  if (service.action === 'restart') return restartAgain(service, input, switched);
  return comesUp(service) ? upAgain(service, input, switched) : [];
}

function startAgain({ service, containers }: SwitchService, switched: readonly NumberedStep[]): Due[] {
  const running = containers.filter(({ status }) => status === 'running');
  const stop = switched.flatMap(({ step }) => (step.kind === 'stop' && step.service === service ? [step] : []))[0];
  const renamed = containers.filter(({ id }) => stop?.renamed?.some((one) => one.id === id));
  if (running.length + renamed.length === 0) return [];
  return dueWith(switched, (step) => step === stop, {
    kind: 'start',
    service,
    containers: running.map(({ id }) => id),
    ...(renamed.length === 0 ? {} : { renamed: renamed.map(({ id, name }) => ({ id, name })) }),
  });
}

/** Its name only: it cannot be started, since the network that it was on is another one by then. */
function nameAgain(service: SwitchService, switched: readonly NumberedStep[]): Due[] {
  return startAgain(
    { ...service, containers: service.containers.map((one) => ({ ...one, status: 'exited' })) },
    switched,
  );
}

function restartAgain(
  { service, containers }: SwitchService,
  input: RevertInput,
  switched: readonly NumberedStep[],
): Due[] {
  const restarted = (step: Step): boolean => step.kind === 'restart' && step.service === service;
  const due = (kind: 'restart' | 'stop', some: typeof containers): Due[] =>
    some.length === 0 ? [] : dueWith(switched, restarted, { kind, service, containers: some.map(({ id }) => id) });
  const serving = containers.filter((one) => !isAtRest(one));
  return [
    ...due('stop', containers.filter(isAtRest)),
    ...due('restart', serving),
    ...(serving.length === 0 ? [] : waitAgain(service, restarted, input, switched)),
  ];
}

function upAgain(service: SwitchService, input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const { service: name, containers, action } = service;
  const oneShot = input.previous?.services[name]?.oneShot === true;
  const stopped = containers.filter(isAtRest);
  const allStopped = stopped.length > 0 && stopped.length === containers.length;
  // Finished work is not done twice, and what did not run before is not begun: the containers are there again, and rest.
  const createOnly = oneShot ? workIsDone(containers) : allStopped;
  const offNetwork = attachedBefore(service, input.changedNetworks);
  const begun = (step: Step): boolean =>
    (step.kind === 'up' && step.services.includes(name)) ||
    (step.kind === 'stop' && step.service === name) ||
    (offNetwork && step === firstDrop(switched)?.step);
  const due = (step: Step): Due[] => dueWith(switched, begun, step);
  return [
    ...replicasGone(service).flatMap(due),
    ...due({
      kind: 'up',
      services: [name],
      retags: servingNames(name, (other) => namedBefore(other, input)),
      force: offNetwork || invisibleToCompose(service),
      createOnly,
    }),
    // A container that was only started is the same one, and `up` leaves it as it is.
    ...(!oneShot && allStopped ? due({ kind: 'stop-service', service: name }) : []),
    ...(!oneShot && !allStopped && stopped.length > 0 && action === 'start'
      ? due({ kind: 'stop', service: name, containers: stopped.map(({ id }) => id) })
      : []),
    ...(createOnly ? [] : waitAgain(name, begun, input, switched)),
  ];
}

/** The old release's conditions hold on the way back as well: a web that starts before its database crashes. */
function waitAgain(
  name: string,
  begun: (step: Step) => boolean,
  input: RevertInput,
  switched: readonly NumberedStep[],
): Due[] {
  const conditions = new Set(
    Object.entries(input.previous?.services ?? {})
      .filter(([dependent]) => input.services.get(dependent)?.action !== 'keep')
      .map(([, { dependsOn }]) => dependsOn[name]),
  );
  const seconds = Math.max(1, Math.ceil(input.healthTimeout / 1000));
  const wait = (condition: 'completed' | 'healthy'): Due[] =>
    dueWith(switched, begun, { kind: 'wait', service: name, condition, seconds });
  // What had failed before fails again, and what waits for it ran all the same.
  const before = input.services.get(name)?.containers ?? [];
  const failed = before.some(({ status, exitCode }) => status === 'exited' && exitCode !== 0);
  const unwell = before.some(({ status, health }) => status === 'restarting' || health === 'unhealthy');
  return [
    ...(conditions.has('service_completed_successfully') && !failed ? wait('completed') : []),
    ...(conditions.has('service_healthy') && !unwell ? wait('healthy') : []),
  ];
}

/** What holds, since the switch, a port that is needed before its own turn has come stops first. */
function withRoom(back: readonly Due[], { services }: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const stopped = new Set<string>();
  return back.flatMap((due, at) => {
    const holders = inTheWay(
      claimants(due.step),
      back
        .slice(at)
        .flatMap(({ step }) => (step.kind === 'up' ? step.services : []))
        .filter((service) => !stopped.has(service)),
      (service) => services.get(service)?.portsBefore ?? [],
      (service) => services.get(service)?.ports ?? [],
    );
    const stops = holders.flatMap((service) => {
      stopped.add(service);
      return dueWith(switched, (step) => step.kind === 'up' && step.services.includes(service), {
        kind: 'stop-service',
        service,
      });
    });
    return [...stops, due];
  });
}

function claimants(step: Step): readonly string[] {
  if (step.kind === 'up') return step.services;
  return step.kind === 'start' ? [step.service] : [];
}

/** The step, due when the switch had begun the one that it answers; not at all when the switch has no such step. */
function dueWith(switched: readonly NumberedStep[], answers: (step: Step) => boolean, step: Step): Due[] {
  const cause = switched.find((one) => answers(one.step));
  return cause === undefined ? [] : [{ step, onlyIfBegun: cause.number }];
}
