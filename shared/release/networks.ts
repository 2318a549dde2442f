/**
 * A network whose options changed, as steps: Docker cannot change one that is there, newer Compose fails at it half-way and
 * older Compose does nothing. What is attached stops, the network goes, and each service comes up on the new one. Its
 * container is there until its own `up`, so that it hands its anonymous volumes on.
 */
import type { ObservedContainer } from './observed.js';
import type { ServicePlan } from './plan.js';
import type { RevertInput } from './revert.js';
import type { NumberedStep, Step } from './steps.js';
import type { SwitchInput, SwitchService } from './switch.js';

const REASON = 'options of network ';

/** The changed networks that a container of the service is attached to. */
export function changedUnder(containers: readonly ObservedContainer[], changed: readonly string[]): string[] {
  return changed.filter((network) => containers.some(({ networks }) => networks.includes(network)));
}

/** A service that is taken off a network gets a new container, whatever else happens to it; one that goes still goes. */
export function offTheNetworks(
  plan: ServicePlan,
  containers: readonly ObservedContainer[],
  changed: readonly string[],
): ServicePlan {
  const off = changedUnder(containers, changed);
  if (off.length === 0 || plan.action === 'remove') return plan;
  const reasons = [...plan.reasons, `${REASON}${off.join(', ')}`];
  return { ...plan, action: 'recreate', reasons };
}

/** Whether a service is recreated because its network is, which older Compose would not do by itself. */
export function followsNetwork({ reasons }: Pick<ServicePlan, 'reasons'>): boolean {
  return reasons.some((reason) => reason.startsWith(REASON));
}

export function networkWarnings(
  changed: readonly string[],
  attached: (network: string) => readonly string[],
): string[] {
  return changed.map((network) => {
    const services = attached(network);
    return services.length === 0
      ? `the options of network ${network} changed: it is made anew`
      : `the options of network ${network} changed: it is made anew, and ${services.join(', ')} ` +
          `${services.length === 1 ? 'is' : 'are'} down from then until recreated on it`;
  });
}

/** All that is attached stops, dependents first; then the networks go. */
export function networkSteps(input: Pick<SwitchInput, 'services' | 'changedNetworks' | 'levels'>): Step[] {
  const { services, changedNetworks } = input;
  if (changedNetworks.length === 0) return [];
  const attached = input.levels
    .flat()
    .flatMap((name) => services.get(name) ?? [])
    .filter((one) => one.action !== 'remove' && attachedBefore(one, changedNetworks));
  const stops = attached.reverse().flatMap(({ service, containers }): Step[] => {
    const running = containers.filter(({ status }) => status === 'running' || status === 'restarting');
    return running.length === 0 ? [] : [{ kind: 'stop', service, containers: running.map(({ id }) => id) }];
  });
  return [...stops, ...changedNetworks.map((network): Step => ({ kind: 'drop-network', network }))];
}

export function attachedBefore({ containers }: SwitchService, changed: readonly string[]): boolean {
  return changedUnder(containers, changed).length > 0;
}

/** The first step that takes a changed network away, if the switch has one: from there on, what was attached has to be remade. */
export function firstDrop(switched: readonly NumberedStep[]): NumberedStep | undefined {
  return switched.find(({ step }) => step.kind === 'drop-network');
}

/** The same on the way back: whatever is attached by then stops, and the new network goes. */
export function networksBack(
  input: RevertInput,
  switched: readonly NumberedStep[],
): { readonly step: Step; readonly onlyIfBegun: number }[] {
  const first = firstDrop(switched);
  if (first === undefined) return [];
  const order = (input.previous?.levels ?? []).flat().reverse();
  const stops = order.flatMap((name) => {
    const service = input.services.get(name);
    if (service === undefined) return [];
    const up = switched.find(({ step }) => step.kind === 'up' && step.services.includes(name));
    const cause = attachedBefore(service, input.changedNetworks) ? first : up;
    if (cause === undefined) return [];
    return [{ step: { kind: 'stop-service', service: name } as const, onlyIfBegun: cause.number }];
  });
  const drops = switched.flatMap(({ step, number }) =>
    step.kind === 'drop-network' ? [{ step, onlyIfBegun: number }] : [],
  );
  return [...stops, ...drops];
}
