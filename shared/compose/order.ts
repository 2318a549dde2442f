/** In which order services come up: by everything that makes one need another. */
import { UserError } from '../base/errors.js';
import type { ComposeModel, ServiceModel } from './model.js';

/**
 * The services in levels: each needs only those of earlier levels; sorted by name within one.
 * @throws UserError when services need each other in a circle.
 */
export function dependencyLevels(model: ComposeModel): string[][] {
  const left = new Map(Object.values(model.services).map((service) => [service.name, dependenciesOf(service, model)]));
  const levels: string[][] = [];
  while (left.size > 0) {
    const ready = [...left].filter(([, needs]) => needs.every((name) => !left.has(name))).map(([name]) => name);
    if (ready.length === 0)
      throw new UserError(`the services need each other in a circle: ${circleIn(left).join(' -> ')}`);
    for (const name of ready) left.delete(name);
    levels.push(ready.sort());
  }
  return levels;
}

/** The services of the model that this one needs, sorted. What it needs and the model does not have (an inactive profile) is none. */
export function dependenciesOf(service: ServiceModel, model: ComposeModel): string[] {
  return inModel(model, [
    ...Object.keys(service.dependsOn),
    ...service.links.map(firstPart),
    ...sharedServices(service),
    ...Object.values(service.build?.additionalContexts ?? {}).flatMap(serviceOf),
  ]);
}

/**
 * The services in whose containers this one lives: it shares their network, processes or volumes. When one of them gets
 * another container, this one must get another too, and Compose labels it with another hash; sorted.
 */
export function boundTo(service: ServiceModel, model: ComposeModel): string[] {
  return inModel(model, sharedServices(service));
}

function sharedServices({ networkMode, ipc, pid, volumesFrom }: ServiceModel): string[] {
  return [
    ...[networkMode, ipc, pid].flatMap(serviceOf),
    ...volumesFrom.filter((source) => !source.startsWith('container:')).map(firstPart),
  ];
}

/** Of `service:name`. */
function serviceOf(value: string | undefined): string[] {
  return value?.startsWith('service:') === true ? [value.slice('service:'.length)] : [];
}

function firstPart(text: string): string {
  return text.split(':', 1)[0] ?? text;
}

function inModel(model: ComposeModel, names: readonly string[]): string[] {
  return [...new Set(names)].filter((name) => name in model.services).sort();
}

/** Follows needs until a service comes up again; every service that is left has one that is left too. */
function circleIn(left: ReadonlyMap<string, readonly string[]>): string[] {
  const way: string[] = [];
  let next = [...left.keys()].sort()[0];
  while (next !== undefined && !way.includes(next)) {
    way.push(next);
    next = left.get(next)?.find((name) => left.has(name));
  }
  return next === undefined ? way : [...way.slice(way.indexOf(next)), next];
}
