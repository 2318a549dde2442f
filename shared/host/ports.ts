/** Who has which port of a host: containers by name, other processes as far as the host tells. */
import type { ContainerSummary, Engine } from './engine.js';

export interface ListeningSocket {
  readonly protocol: 'tcp' | 'udp';
  /** `''` for all addresses. */
  readonly address: string;
  readonly port: number;
  /** Of the process; undefined where another user's process is not ours to see. */
  readonly process: string | undefined;
}

export interface PortOwner {
  readonly protocol: string;
  readonly address: string;
  readonly port: number;
  /** For a person: `container shop-web-1`, `nginx (a process)`, `another process`. */
  readonly name: string;
  readonly kind: 'container' | 'process';
  /** Of a Compose container. */
  readonly project: string | undefined;
  readonly service: string | undefined;
}

/** The engine is asked now; the other processes are those that the facts saw. */
export async function portOwners(
  engine: Pick<Engine, 'containers'>,
  facts: { readonly listening: readonly ListeningSocket[] },
): Promise<PortOwner[]> {
  return joinOwners(await engine.containers(), facts.listening);
}

export function joinOwners(
  containers: readonly ContainerSummary[],
  listening: readonly ListeningSocket[],
): PortOwner[] {
  const published = containers.flatMap(containerPorts);
  // The engine's own proxy listens for a container: that is not one more owner.
  const taken = new Set(published.map(({ protocol, port }) => `${port}/${protocol}`));
  const others = listening.filter(({ protocol, port }) => !taken.has(`${port}/${protocol}`)).map(processPort);
  return unique([...published, ...others]);
}

function containerPorts({ name, labels, ports }: ContainerSummary): PortOwner[] {
  return ports.map(({ protocol, address, port }) => ({
    protocol,
    address,
    port,
    name: `container ${name}`,
    kind: 'container',
    project: labels['com.docker.compose.project'],
    service: labels['com.docker.compose.service'],
  }));
}

function processPort({ protocol, address, port, process }: ListeningSocket): PortOwner {
  const name = process === undefined ? 'another process' : `${process} (a process)`;
  return { protocol, address, port, name, kind: 'process', project: undefined, service: undefined };
}

/** IPv4 and IPv6 are told separately. */
function unique(owners: readonly PortOwner[]): PortOwner[] {
  return [
    ...new Map(
      owners.map((owner) => [`${owner.protocol} ${owner.address} ${owner.port} ${owner.name}`, owner]),
    ).values(),
  ];
}
