/** Which credentials a registry is tried with, and how they travel to the engine: in a header, never in an argv or a file. */
import type { DockerConfig } from './docker-config.js';
import { canonicalRegistry } from './image-reference.js';
import type { RegistryLogin } from './registry-login.js';

/** As the engine takes it. */
export interface RegistryAuth {
  readonly serveraddress: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface Candidate {
  readonly auth: RegistryAuth | undefined;
  /** `input`: asked for in words, so nothing else is tried. */
  readonly from: 'input' | 'token' | 'host' | 'nobody';
}

const HUB = 'https://index.docker.io/v1/';

export function authHeaders(auth: RegistryAuth | undefined): Record<string, string> {
  if (auth === undefined) return {};
  // The URL's alphabet, but padded: Docker 20.10 takes an unpadded header for no login at all, without a word.
  const encoded = Buffer.from(JSON.stringify(auth)).toString('base64');
  return { 'X-Registry-Auth': encoded.replaceAll('+', '-').replaceAll('/', '_') };
}

/** As registries are named in a Docker config and to credential helpers. */
export function serverAddress(registry: string): string {
  return registry === 'docker.io' ? HUB : registry;
}

/** The best first. A login that was given beats all; a token that may do, the host's own login and no login are tried in turn. */
export async function loginCandidates(
  registry: string,
  logins: readonly RegistryLogin[],
  dockerConfig: DockerConfig,
): Promise<Candidate[]> {
  const own = logins.filter((login) => canonicalRegistry(login.registry) === registry);
  const given = own.find((login) => login.optional !== true);
  if (given !== undefined) return [{ auth: authOf(given), from: 'input' }];
  const optional = own.find((login) => login.optional === true);
  const onHost = await dockerConfig.authFor(registry);
  return [
    ...(optional === undefined ? [] : [{ auth: authOf(optional), from: 'token' } as const]),
    ...(onHost === undefined ? [] : [{ auth: onHost, from: 'host' } as const]),
    { auth: undefined, from: 'nobody' },
  ];
}

function authOf({ registry, username, password }: RegistryLogin): RegistryAuth {
  return { serveraddress: serverAddress(canonicalRegistry(registry)), username, password };
}
