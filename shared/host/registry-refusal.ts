/** Why a registry gave no image: told apart by the engine's words, since its status codes differ between versions. */
import { HostFailure, UserError } from '../base/errors.js';
import type { EngineFailure } from './engine-failure.js';
import type { Candidate } from './registry-auth.js';

export type Refusal = 'unauthorized' | 'not-found' | 'unreachable';

export interface RegistryRefusal {
  readonly error: EngineFailure;
  readonly tried: Candidate;
  /** The registry as it was named to the engine. */
  readonly asked: string;
}

export function refusalOf(error: EngineFailure): Refusal {
  if (/unauthorized|denied|no basic auth|authentication required|incorrect username/i.test(error.message)) {
    return 'unauthorized';
  }
  if (error.status === 401 || error.status === 403) return 'unauthorized';
  if (/no such host|dial tcp|connection refused|timeout/i.test(error.message)) return 'unreachable';
  return error.status === 404 || /not found|manifest unknown|name unknown/i.test(error.message)
    ? 'not-found'
    : 'unreachable';
}

/** @param refusals what the registry answered to each login, in order; not empty */
export function describeRefusal(
  host: string,
  reference: string,
  registry: string,
  refusals: readonly RegistryRefusal[],
): UserError | HostFailure {
  const kinds = refusals.map(({ error }) => refusalOf(error));
  const said = [...new Set(refusals.map(({ error }) => error.message))].join('; ');
  // A registry hides what one may not see: `denied` without any login may also mean that it does not exist.
  if (kinds.includes('unauthorized')) return new UserError(unauthorizedMessage(reference, registry, refusals, said));
  if (kinds.includes('not-found')) return new UserError(`image ${reference} was not found in ${registry}: ${said}`);
  return new HostFailure(host, `image ${reference} could not be had from ${registry} on ${host}: ${said}`);
}

function unauthorizedMessage(
  reference: string,
  registry: string,
  refusals: readonly RegistryRefusal[],
  said: string,
): string {
  const line = `\`${registry} <username> <password>\``;
  if (refusals.some(({ tried }) => tried.from === 'input')) {
    return `image ${reference}: ${registry} refuses the login that \`registries\` gives for it: ${said}`;
  }
  const tried = { token: '`github-token`', host: "the host's own login", input: '', nobody: '' } as const;
  const names = refusals.map((refusal) => tried[refusal.tried.from]).filter((name) => name !== '');
  const without = names.length === 0 ? 'without a login' : `with ${names.join(' and ')}`;
  return `image ${reference} cannot be read from ${registry} ${without} (or it does not exist): add a line ${line} to the input \`registries\`. It said: ${said}`;
}
