/**
 * From the plan to the steps of the switch: files first, then what must make room, then service by service in dependency
 * order. Services of one level that do not wait for each other go side by side.
 */
import type { ServicePlan } from './plan.js';
import type { FileChange, NumberedStep, Retag, Step } from './steps.js';
import type { ReleaseImage } from './manifest.js';
import type { ObservedContainer } from './observed.js';

export interface SwitchService extends ServicePlan {
  readonly wanted: ReleaseImage | undefined;
  /** Before the switch. */
  readonly containers: readonly ObservedContainer[];
  readonly dependsOn: Readonly<Record<string, string>>;
}

export interface SwitchInput {
  readonly services: ReadonlyMap<string, SwitchService>;
  readonly levels: readonly (readonly string[])[];
  readonly files: readonly FileChange[];
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
  for (const { service, containers } of services.filter(({ action }) => action === 'remove')) {
    steps.push({ kind: 'stop', service, containers: containers.map(({ id }) => id) });
  }
  input.hooks.filter(({ afterLevel }) => afterLevel < 0).forEach(({ step }) => steps.push(step));
  input.levels.forEach((level, index) => {
    const here = level.flatMap((name) => input.services.get(name) ?? []);
    steps.push(...upSteps(here), ...restartSteps(here), ...waitSteps(here, input));
    input.hooks.filter(({ afterLevel }) => afterLevel === index).forEach(({ step }) => steps.push(step));
  });
  return steps.map((step, index) => ({ number: index + 1, step }));
}

/** Whether Compose itself would see no difference, so that it must be told to recreate. */
export function invisibleToCompose({ action, reasons }: ServicePlan): boolean {
  return (
    action === 'recreate' &&
    !reasons.some((reason) => reason === 'image' || reason === 'config' || reason.startsWith('env: '))
  );
}

/** Whether `up` is what carries out this service's part of the plan. */
export function comesUp({ action }: ServicePlan): boolean {
  return action === 'create' || action === 'recreate' || action === 'start' || action === 'scale';
}

function upSteps(services: readonly SwitchService[]): Step[] {
  const due = services.filter(comesUp);
  return [true, false].flatMap((force): Step[] => {
    const group = due.filter((service) => invisibleToCompose(service) === force);
    if (group.length === 0) return [];
    const names = group.map(({ service }) => service);
    return [{ kind: 'up', services: names, retags: group.flatMap(retagOf), force, createOnly: false }];
  });
}

/** A reference by digest cannot be tagged and needs no name: it is held as it is. */
function retagOf({ wanted }: SwitchService): Retag[] {
  return wanted === undefined || wanted.reference.includes('@') ? [] : [{ reference: wanted.reference, id: wanted.id }];
}

function restartSteps(services: readonly SwitchService[]): Step[] {
  return services
    .filter(({ action }) => action === 'restart')
    .map(({ service, containers }) => ({ kind: 'restart', service, containers: containers.map(({ id }) => id) }));
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
