/** What an image reference means now, by digest, and the image itself onto the host by that digest: no name of the host's moves. */
import { setTimeout as delay } from 'node:timers/promises';
import { HostFailure, UserError } from '../base/errors.js';
import type { Distribution, Engine, Platform } from './engine.js';
import { EngineFailure } from './engine-failure.js';
import type { HostFacts } from './facts.js';
import { parseImageReference, type ImageReference } from './image-reference.js';
import { describeRefusal, refusalOf, type RegistryRefusal } from './registry-refusal.js';
import { loginCandidates, type Candidate } from './registry-auth.js';
import type { RegistryLogin } from './registry-login.js';

export interface ResolvedImage {
  /** As the stack names it. */
  readonly reference: string;
  /** With its registry: `docker.io/library/postgres`. */
  readonly repository: string;
  readonly digest: string;
  /** `repository@digest`. */
  readonly pinned: string;
}

type ResolvingFacts = Pick<HostFacts, 'mirrors' | 'dockerConfig' | 'architecture' | 'os'>;

/**
 * Asks the registry through the host's engine. A reference by digest is its own answer.
 * @throws UserError for a reference that is none, does not exist, may not be read, or is not for this host's machine;
 * HostFailure for a registry that does not answer.
 */
export async function resolveImage(
  engine: Engine,
  facts: ResolvingFacts,
  reference: string,
  logins: readonly RegistryLogin[],
): Promise<ResolvedImage> {
  const parsed = parseImageReference(reference);
  if (parsed.digest !== undefined) return resolved(reference, parsed, parsed.digest);
  const { digest, platforms } = await askRegistries(engine, facts, reference, parsed, logins);
  refuseForeign(reference, platforms, facts);
  return resolved(reference, parsed, digest);
}

/**
 * Brings an image onto the host unless it is there.
 * @returns its id on this host
 * @throws UserError for an image of another architecture or one that may not be read, HostFailure for a pull that failed
 */
export async function fetchImage(
  engine: Engine,
  facts: ResolvingFacts,
  image: ResolvedImage,
  logins: readonly RegistryLogin[],
  onProgress?: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const present = await engine.inspectImage(image.pinned);
  if (present === undefined) {
    await pullWithLogins(engine, facts, image, logins, {
      ...optional('onProgress', onProgress),
      ...optional('signal', signal),
    });
  }
  const fetched = present ?? (await engine.inspectImage(image.pinned));
  if (fetched === undefined) throw new HostFailure(engine.host, `${image.pinned} was pulled and is not there`);
  refuseForeign(image.reference, [fetched], facts);
  return fetched.id;
}

const HUB_ITSELF = 'registry-1.docker.io';

/**
 * For docker.io the engine asks its mirrors. Docker 20.10 takes the first one's word, so where a mirror does not know an image,
 * Docker Hub is asked by its other name, which is never mirrored: a pull would go there too.
 */
async function askRegistries(
  engine: Engine,
  facts: ResolvingFacts,
  reference: string,
  parsed: ImageReference,
  logins: readonly RegistryLogin[],
): Promise<Distribution> {
  const mirrored = parsed.registry === 'docker.io' && facts.mirrors.length > 0;
  const refusals: RegistryRefusal[] = [];
  for (const name of [parsed.registry, ...(mirrored ? [HUB_ITSELF] : [])]) {
    for (const candidate of await loginCandidates(parsed.registry, logins, facts.dockerConfig)) {
      try {
        return await engine.distribution(`${name}/${parsed.path}:${parsed.tag ?? 'latest'}`, candidate.auth);
      } catch (error) {
        if (!(error instanceof EngineFailure)) throw error;
        refusals.push({ error, tried: candidate, asked: name });
        if (refusalOf(error) === 'unreachable') break;
      }
    }
    if (refusals.some(({ error }) => refusalOf(error) !== 'not-found')) break;
  }
  const told = refusals.filter(({ asked }) => asked === parsed.registry);
  throw describeRefusal(engine.host, reference, parsed.registry, told);
}

async function pullWithLogins(
  engine: Engine,
  facts: ResolvingFacts,
  image: ResolvedImage,
  logins: readonly RegistryLogin[],
  options: { onProgress?: (line: string) => void; signal?: AbortSignal },
): Promise<void> {
  const { registry } = parseImageReference(image.repository);
  const refusals: RegistryRefusal[] = [];
  for (const candidate of await loginCandidates(registry, logins, facts.dockerConfig)) {
    try {
      await pullPatiently(engine, image.pinned, candidate, options);
      return;
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      refusals.push({ error, tried: candidate, asked: registry });
      if (refusalOf(error) === 'unreachable') break;
    }
  }
  throw describeRefusal(engine.host, image.reference, registry, refusals);
}

/** Registries stumble; layers that have come stay, so asking once more is cheap. */
async function pullPatiently(
  engine: Engine,
  pinned: string,
  candidate: Candidate,
  options: { onProgress?: (line: string) => void; signal?: AbortSignal },
): Promise<void> {
  try {
    await engine.pull(pinned, candidate.auth, options);
  } catch (error) {
    const passing = error instanceof EngineFailure && refusalOf(error) === 'unreachable' && !isDiskFull(error);
    if (!passing || options.signal?.aborted === true) throw error;
    options.onProgress?.(`${pinned}: ${error.message}; once more`);
    await delay(1000, undefined, optional('signal', options.signal));
    await engine.pull(pinned, candidate.auth, options);
  }
}

function isDiskFull(error: Error): boolean {
  return /no space left/i.test(error.message);
}

function refuseForeign(reference: string, platforms: readonly Platform[], facts: ResolvingFacts): void {
  const fits =
    platforms.length === 0 || platforms.some((one) => one.architecture === facts.architecture && one.os === facts.os);
  if (fits) return;
  const built = [...new Set(platforms.map(({ os, architecture }) => `${os}/${architecture}`))].join(', ');
  throw new UserError(
    `image ${reference} is built for ${built}, this host is ${facts.os}/${facts.architecture}: build it for ${facts.os}/${facts.architecture} too (\`docker buildx build --platform\`)`,
  );
}

function resolved(reference: string, { repository }: ImageReference, digest: string): ResolvedImage {
  return { reference, repository, digest, pinned: `${repository}@${digest}` };
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Partial<Record<K, V>>);
}
