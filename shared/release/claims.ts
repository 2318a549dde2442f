/** Release before claim: a port can be published only once the container that holds it has stopped. */
import type { PortModel } from '../compose/model.js';

/** `80/tcp` for each port that is the host's own to give; one that the engine chooses claims none. */
export function publishedPorts(ports: readonly PortModel[]): string[] {
  return [
    ...new Set(ports.flatMap(({ published, protocol }) => range(published).map((port) => `${port}/${protocol}`))),
  ];
}

/**
 * Those of `holding` that have what one of the `claiming` needs. Addresses are not looked at: a stop too many costs a moment,
 * one too few the switch.
 */
export function inTheWay(
  claiming: readonly string[],
  holding: readonly string[],
  claims: (service: string) => readonly string[],
  holds: (service: string) => readonly string[],
): string[] {
  return [...new Set(holding)].filter((holder) =>
    claiming.some((service) => service !== holder && claims(service).some((claim) => holds(holder).includes(claim))),
  );
}

/** Two addresses can have one port each, unless one of them is all addresses. */
export function addressesOverlap(one: string, other: string): boolean {
  const all = ['', '0.0.0.0', '::', '*'];
  return all.includes(one) || all.includes(other) || one === other;
}

function range(published: string | undefined): number[] {
  const [, first, last = first] = /^(\d+)(?:-(\d+))?$/.exec(published ?? '') ?? [];
  if (first === undefined) return [];
  const length = Math.max(0, Number(last) - Number(first) + 1);
  return Array.from({ length }, (_, index) => Number(first) + index);
}
