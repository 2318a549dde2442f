/** Why a registry gave no image: told apart by the engine's words, since its status codes differ between versions. */
import { HostFailure, UserError } from '../base/errors.js';
import type { EngineFailure } from './engine-failure.js';
import type { Candidate } from './registry-auth.js';

export type Refusal = 'unauthorized' | 'not-found' | 'unreachable';

export interface RegistryRefusal {
  readonly registry: string;
  readonly error: EngineFailure;
  readonly tried: Candidate;
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

/** @param refusals what each registry (mirrors first) answered to each login, in order; not empty */
export function describeRefusal(
  host: string,
  reference: string,
  registry: string,
  refusals: readonly RegistryRefusal[],
): UserError | HostFailure {
  const own = refusals.filter((refusal) => refusal.registry === registry);
  const kinds = own.map(({ error }) => refusalOf(error));
  const last = own.at(-1);
  const said = last?.error.message ?? 'no answer';
  // A registry hides what one may not see: `denied` without any login may also mean that it does not exist.
  if (kinds.includes('unauthorized')) return new UserError(unauthorizedMessage(reference, registry, own, said));
  if (kinds.includes('not-found')) {
    return new UserError(`image ${reference} was not found in ${registry}: ${said}`);
  }
  const absent = refusals.find(({ error }) => refusalOf(error) === 'not-found');
  if (absent !== undefined) {
    return new UserError(
      `image ${reference} was not found in the mirror ${absent.registry}, and ${registry} could not be asked: ${said}`,
    );
  }
  const failures = [...new Set(refusals.map(({ registry: name, error }) => `${name}: ${error.message}`))];
  return new HostFailure(host, `image ${reference} could not be had on ${host}: ${failures.join('; ')}`);
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
