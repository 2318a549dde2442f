/**
 * The way back, prepared before the switch and valid until the confirm: the mirror of the switch's steps, each due only when
 * the switch had begun its own. It never needs a registry: names are pointed at image IDs that are on the host.
 */
import type { Manifest } from './manifest.js';
import { finishedWell, servingImage } from './observed.js';
import type { NumberedStep, Retag, Step } from './steps.js';
import { comesUp, invisibleToCompose, type SwitchInput, type SwitchService } from './switch.js';

export interface RevertInput extends SwitchInput {
  /** The release that serves; undefined before the first deploy, whose return takes everything of its own away. */
  readonly previous: Manifest | undefined;
  /** What the names that the switch moves meant before; undefined: nothing. */
  readonly namesBefore: ReadonlyMap<string, string | undefined>;
  /** Networks that do not exist yet. */
  readonly newNetworks: readonly string[];
}

interface Due {
  readonly step: Step;
  readonly onlyIfBegun?: number;
}

export function revertSteps(input: RevertInput, switched: readonly NumberedStep[]): NumberedStep[] {
  const back = oldLevels(input).flatMap((level) => levelBack(level, input, switched));
  const due: Due[] = [
    ...removals(input, switched),
    ...restoredFiles(input, switched),
    ...back,
    ...forgottenNames(input, switched, back),
    ...input.newNetworks.map((network): Due => ({ step: { kind: 'remove-network', network } })),
  ];
  return due.map((one, index) => ({ number: index + 1, ...one }));
}

/** What did not exist before goes first, and with it the ports and names that the old release needs. */
function removals(input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const created = [...input.services.values()].filter(({ action }) => action === 'create');
  return created.reverse().flatMap(({ service }) =>
    dueWith(switched, (step) => step.kind === 'up' && step.services.includes(service), {
      kind: 'remove-service',
      service,
    }),
  );
}

function restoredFiles(input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  return dueWith(switched, (step) => step.kind === 'install', {
    kind: 'restore',
    changes: [...input.files].reverse(),
  });
}

/** The old release's own order; services that it did not know are gone by then. */
function oldLevels(input: RevertInput): readonly (readonly string[])[] {
  return input.previous?.levels ?? [];
}

function levelBack(level: readonly string[], input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  return level.flatMap((name) => {
    const service = input.services.get(name);
    if (service === undefined || service.action === 'keep') return [];
    if (service.action === 'remove') {
      const containers = service.containers.filter(({ status }) => status === 'running').map(({ id }) => id);
      if (containers.length === 0) return [];
      return dueWith(switched, (step) => step.kind === 'stop' && step.service === name, {
        kind: 'start',
        service: name,
        containers,
      });
    }
    if (service.action === 'restart') {
      const containers = service.containers.map(({ id }) => id);
      return dueWith(switched, (step) => step.kind === 'restart' && step.service === name, {
        kind: 'restart',
        service: name,
        containers,
      });
    }
    if (!comesUp(service)) return [];
    return [
      ...dueWith(
        switched,
        (step) => step.kind === 'up' && step.services.includes(name),
        upAgain(service, input.previous),
      ),
      ...waitAgain(name, input, switched),
    ];
  });
}

function upAgain(service: SwitchService, previous: Manifest | undefined): Step {
  const recorded = previous?.services[service.service];
  const id = servingImage(service.containers) ?? recorded?.image.id;
  const retags: Retag[] =
    recorded === undefined || id === undefined || recorded.image.reference.includes('@')
      ? []
      : [{ reference: recorded.image.reference, id }];
  return {
    kind: 'up',
    services: [service.service],
    retags,
    force: invisibleToCompose(service),
    // Finished work is not done twice: the container is there again, and was not run again.
    createOnly: recorded?.oneShot === true && finishedWell(service.containers),
  };
}

/** The old release's conditions hold on the way back as well: a web that starts before its database crashes. */
function waitAgain(name: string, input: RevertInput, switched: readonly NumberedStep[]): Due[] {
  const services = Object.entries(input.previous?.services ?? {});
  const awaited = services.some(
    ([dependent, { dependsOn }]) =>
      dependsOn[name] === 'service_healthy' && input.services.get(dependent)?.action !== 'keep',
  );
  if (!awaited) return [];
  const seconds = Math.max(1, Math.ceil(input.healthTimeout / 1000));
  return dueWith(switched, (step) => step.kind === 'up' && step.services.includes(name), {
    kind: 'wait',
    service: name,
    condition: 'healthy',
    seconds,
  });
}

/** Names that meant something else before, or nothing, and that no service which comes back has pointed at its own image. */
function forgottenNames(input: RevertInput, switched: readonly NumberedStep[], back: readonly Due[]): Due[] {
  const pointedBack = (reference: string, begun: number): boolean =>
    back.some(
      ({ step, onlyIfBegun }) =>
        step.kind === 'up' &&
        // Due for sure when this name was moved: its own cause came no later.
        (onlyIfBegun ?? 0) <= begun &&
        step.retags.some((retag) => retag.reference === reference),
    );
  return switched.flatMap(({ number, step }) => {
    if (step.kind !== 'up' && step.kind !== 'retag') return [];
    const retags = step.retags
      .filter(({ reference }) => !pointedBack(reference, number))
      .map(({ reference }) => ({ reference, id: input.namesBefore.get(reference) }));
    return retags.length === 0 ? [] : [{ step: { kind: 'retag', retags }, onlyIfBegun: number } as const];
  });
}

/** The step, due when the switch had begun the one that it answers; not at all when the switch has no such step. */
function dueWith(switched: readonly NumberedStep[], answers: (step: Step) => boolean, step: Step): Due[] {
  const cause = switched.find((one) => answers(one.step));
  return cause === undefined ? [] : [{ step, onlyIfBegun: cause.number }];
}
