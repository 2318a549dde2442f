/** What Compose accepts and no host can run: known from the stack alone, so it is said before anything is done. */
import type { Problem } from '../base/errors.js';
import { compareVersions } from '../compose/command.js';
import type { ComposeModel, PortModel, ServiceModel } from '../compose/model.js';
import { placeOf, type Places } from '../compose/places.js';
import { addressesOverlap } from './claims.js';
import { healthcheckAdvice } from './healthcheck-advice.js';

/** Ports that two services, or two replicas of one, would have to share; and names that two containers would. */
export function unworkable(model: ComposeModel, places: Places): Problem[] {
  const services = Object.values(model.services).filter(({ replicas }) => replicas > 0);
  return [
    ...services.flatMap((service) => scaledInVain(service, places)),
    ...services.flatMap((service, at) => services.slice(0, at).flatMap((other) => sharedPorts(other, service, places))),
  ];
}

const FIRST_WITH_SERVICE_CONTEXTS = '2.34.0';

/** Builds that start from another service's image: a Compose that does not know of that takes the name for a folder's, or for a registry's image. */
export function unbuildable(model: ComposeModel, places: Places, composeVersion: string): Problem[] {
  if (compareVersions(composeVersion, FIRST_WITH_SERVICE_CONTEXTS) >= 0) return [];
  return Object.values(model.services).flatMap(({ name, build }) =>
    Object.entries(build?.additionalContexts ?? {}).flatMap(([key, context]) =>
      context.startsWith('service:')
        ? [
            {
              message:
                `the build of ${name} has the additional context ${key}: ${context}, and the host's Compose ${composeVersion} cannot build from a service: ` +
                `it needs ${FIRST_WITH_SERVICE_CONTEXTS}`,
              ...placeOf(places, name),
            },
          ]
        : [],
    ),
  );
}

/**
 * Who waits for the health of a service that has none waits in vain: Compose refuses it only once it is under way.
 * @param checked service -> whether its image has a healthcheck; a service that is not in it may have one
 */
export function healthlessWaits(model: ComposeModel, places: Places, checked: ReadonlyMap<string, boolean>): Problem[] {
  return Object.values(model.services).flatMap((service) =>
    Object.entries(service.dependsOn).flatMap(([name, { condition }]) => {
      const other = model.services[name];
      if (condition !== 'service_healthy' || other === undefined || mayBeHealthy(other, checked)) return [];
      const why = other.healthcheck?.disabled === true ? 'is switched off' : 'is neither in its image nor in the stack';
      return [
        {
          message:
            `${service.name} waits until ${name} is healthy, and a healthcheck of ${name} ${why}. ` +
            `Add to ${name}: ${healthcheckAdvice(other)} (or wait with \`condition: service_started\`)`,
          ...placeOf(places, service.name, `depends_on ${name}`),
        },
      ];
    }),
  );
}

/** Services that another one waits to be healthy and that only their image can have a healthcheck for. */
export function healthOfImages(model: ComposeModel): string[] {
  const waited = Object.values(model.services).flatMap(({ dependsOn }) =>
    Object.entries(dependsOn).flatMap(([name, { condition }]) => (condition === 'service_healthy' ? [name] : [])),
  );
  return [...new Set(waited)].filter(
    (name) => name in model.services && model.services[name]?.healthcheck === undefined,
  );
}

function mayBeHealthy({ name, healthcheck }: ServiceModel, checked: ReadonlyMap<string, boolean>): boolean {
  return healthcheck === undefined ? checked.get(name) !== false : !healthcheck.disabled;
}

function scaledInVain(service: ServiceModel, places: Places): Problem[] {
  const { name, replicas, containerName } = service;
  if (replicas <= 1) return [];
  const ports = fixed(service).map(({ published, target, protocol }) => ({
    message:
      `${name} has ${replicas} replicas, and only one of them can publish port ${published}/${protocol}: publish a range, ` +
      `- "${published}-${published + replicas - 1}:${target}", or none and let a proxy reach them by the name ${name}`,
    ...placeOf(places, name, `ports ${published}`),
  }));
  if (containerName === undefined) return ports;
  const place = placeOf(places, name, 'container_name');
  return [
    ...ports,
    {
      message: `${name} has ${replicas} replicas, and only one of them can be called ${containerName}: remove container_name`,
      ...place,
    },
  ];
}

function sharedPorts(one: ServiceModel, other: ServiceModel, places: Places): Problem[] {
  return fixed(other).flatMap((port) => {
    const same = fixed(one).some(
      ({ published, protocol, hostIp }) =>
        published === port.published && protocol === port.protocol && addressesOverlap(hostIp ?? '', port.hostIp ?? ''),
    );
    if (!same) return [];
    return [
      {
        message:
          `${other.name} publishes port ${port.published}/${port.protocol}, and so does ${one.name}: only one can have it. ` +
          `Give one of them another, such as - "${port.published + 1}:${port.target}"`,
        ...placeOf(places, other.name, `ports ${port.published}`),
      },
    ];
  });
}

/** A port of its own choice is fixed; one of a range is not. */
function fixed({ ports }: ServiceModel): (Omit<PortModel, 'published'> & { readonly published: number })[] {
  return ports.flatMap((port) =>
    port.published !== undefined && /^[1-9]\d*$/.test(port.published)
      ? [{ ...port, published: Number(port.published) }]
      : [],
  );
}
