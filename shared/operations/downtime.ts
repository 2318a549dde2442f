/** How long each service had nothing that could answer, from the engine's own events: the downtime that a deploy caused. */

export interface ContainerEvent {
  /** Milliseconds, of the engine's clock. */
  readonly time: number;
  readonly service: string;
  readonly container: string;
  /** `die`, `start`, `health_status: healthy` … */
  readonly action: string;
}

/**
 * Service -> milliseconds without a container that is up, in total. A container is up from its start, or from its first
 * `healthy` where its service has a healthcheck; services that were not up before are not counted.
 */
export function downtimes(
  events: readonly ContainerEvent[],
  upBefore: ReadonlyMap<string, readonly string[]>,
  hasHealthcheck: (service: string) => boolean,
  end: number,
): Record<string, number> {
  const result: Record<string, number> = {};
  for (const [service, containers] of upBefore) {
    if (containers.length === 0) continue;
    const up = new Set(containers);
    let downSince: number | undefined;
    let total = 0;
    for (const event of events.filter((one) => one.service === service).sort((a, b) => a.time - b.time)) {
      if (event.action === 'die') up.delete(event.container);
      if (event.action === (hasHealthcheck(service) ? 'health_status: healthy' : 'start')) up.add(event.container);
      if (up.size === 0) downSince ??= event.time;
      else if (downSince !== undefined) {
        total += event.time - downSince;
        downSince = undefined;
      }
    }
    if (downSince !== undefined) total += Math.max(0, end - downSince);
    if (total > 0) result[service] = Math.round(total);
  }
  return result;
}
