/**
 * A `container_name` that goes from one service to another: who has it gives it up before the other comes up, without a stop,
 * and has it again on the way back.
 */
import type { NumberedStep, Step } from './steps.js';
import { comesUp, type SwitchInput, type SwitchService } from './switch.js';

type Services = SwitchInput['services'];

/** Before these come up: the names that they are to have and that a service has whose turn has not come yet. */
export function namesFreed(coming: readonly string[], services: Services, doneWith: ReadonlySet<string>): Step[] {
  return coming.flatMap((service) =>
    holders(services.get(service), services)
      .filter((holder) => holder.action !== 'remove' && !doneWith.has(holder.service))
      .map((holder): Step => ({ kind: 'free-name', service: holder.service, name: claimed(services, service) })),
  );
}

/** On the way back: the same names are given up by who got them, and go to the containers that had them, if those still are. */
export function namesBack(
  { services }: Pick<SwitchInput, 'services'>,
  switched: readonly NumberedStep[],
): { readonly step: Step; readonly onlyIfBegun: number }[] {
  const taken = switched.flatMap(({ step, number }) =>
    step.kind !== 'up'
      ? []
      : step.services
          .filter((service) => holders(services.get(service), services).length > 0)
          .map((service) => ({
            step: { kind: 'free-name', service, name: claimed(services, service) } as const,
            onlyIfBegun: number,
          })),
  );
  const given = switched.flatMap(({ step, number }) => {
    if (step.kind !== 'free-name') return [];
    const renamed = (services.get(step.service)?.containers ?? []).filter(({ name }) => name === step.name);
    return {
      step: {
        kind: 'start',
        service: step.service,
        containers: [],
        renamed: renamed.map(({ id, name }) => ({ id, name })),
      } as const,
      onlyIfBegun: number,
    };
  });
  return [...taken, ...given];
}

function claimed(services: Services, service: string): string {
  return services.get(service)?.containerName ?? '';
}

function holders(service: SwitchService | undefined, services: Services): SwitchService[] {
  if (service?.containerName === undefined || !comesUp(service)) return [];
  return [...services.values()].filter(
    (other) => other.service !== service.service && other.containers.some(({ name }) => name === service.containerName),
  );
}
