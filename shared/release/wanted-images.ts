/** Which image each service of a new release shall serve with: asked of the registry now, kept as recorded, or to be built. */
import { createHash } from 'node:crypto';
import { UserError } from '../base/errors.js';
import { builtFrom, imageName, type ComposeModel, type ServiceModel } from '../compose/model.js';
import type { Engine } from '../host/engine.js';
import type { ResolvedImage } from '../host/image-resolver.js';
import { isDataImage } from './data-service.js';
import type { Manifest, ReleaseImage } from './manifest.js';

export type WantedImage =
  | {
      readonly source: 'registry';
      readonly reference: string;
      readonly resolved: ResolvedImage;
      readonly id: string | undefined;
    }
  | {
      readonly source: 'build';
      readonly reference: string;
      /** The service whose `build` makes it: itself, or another that gives its image the same name. */
      readonly builder: string;
      readonly buildInputs: string;
      readonly id: string | undefined;
    }
  /** A data service whose reference did not change keeps what it has. */
  | {
      readonly source: 'recorded';
      readonly reference: string;
      readonly pinned: string | undefined;
      readonly id: string;
    };

export type Resolve = (reference: string) => Promise<ResolvedImage>;

/** Every reference is asked for once in a run, however many services have it. */
export function askOnce(resolve: Resolve): Resolve {
  const known = new Map<string, Promise<ResolvedImage>>();
  return async (reference) => {
    const started = known.get(reference) ?? resolve(reference);
    known.set(reference, started);
    return started;
  };
}

/** Asks early for what the next release most likely has too: registries answer while the files are staged. */
export function askEarly(resolve: Resolve, previous: Manifest | undefined): void {
  for (const { image } of Object.values(previous?.services ?? {})) {
    // An answer that nobody comes for may fail: whoever needs it asks, and hears of it then.
    if (image.pinned !== undefined && !isDataImage(image.reference)) resolve(image.reference).catch(() => undefined);
  }
}

export interface ImageWishes {
  readonly engine: Engine;
  /** Asks the registry what a reference means now; see `askOnce`. */
  readonly resolve: Resolve;
  readonly model: ComposeModel;
  readonly previous: Manifest | undefined;
  /** Service -> the files of its build context. */
  readonly contexts: ReadonlyMap<string, readonly { path: string; mode: number; sha256: string }[]>;
  readonly pull: Readonly<Record<string, 'auto' | 'always'>>;
  readonly build: 'auto' | 'never';
  readonly log: { debug(line: string): void };
}

/**
 * Service -> image. References are resolved side by side.
 * @throws UserError with every reference that cannot be had, all at once.
 */
export async function wantedImages(wishes: ImageWishes): Promise<Map<string, WantedImage>> {
  const services = Object.entries(wishes.model.services);
  const results = await Promise.allSettled(services.map(async ([name, service]) => wantedImage(name, service, wishes)));
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
  const lost = failures.find((reason) => !(reason instanceof UserError));
  if (lost !== undefined) throw lost as Error;
  const problems = failures.flatMap((reason) => (reason instanceof UserError ? reason.problems : []));
  if (problems.length > 0)
    throw new UserError([...new Map(problems.map((problem) => [problem.message, problem])).values()]);
  return new Map(
    services.map(([name], index) => [name, (results[index] as PromiseFulfilledResult<WantedImage>).value]),
  );
}

async function wantedImage(name: string, service: ServiceModel, wishes: ImageWishes): Promise<WantedImage> {
  const { engine, previous } = wishes;
  const reference = imageName(wishes.model, service);
  const recorded = previous?.services[name]?.image;
  const builder = wishes.build === 'auto' ? builderOf(name, service, wishes.model) : undefined;
  if (builder !== undefined) {
    const [maker, { build }] = builder;
    const bases = builtFrom(wishes.model, maker).sort();
    const buildInputs = fingerprintOfBuild(
      bases.length === 0 ? build : [build, ...bases.map((base) => wishes.model.services[base]?.build)],
      [maker, ...bases].flatMap((one) => wishes.contexts.get(one) ?? []),
      wishes.model.name,
    );
    const same = recorded?.buildInputs === buildInputs && (await engine.inspectImage(recorded.id)) !== undefined;
    return { source: 'build', reference, builder: maker, buildInputs, id: same ? recorded.id : undefined };
  }
  const here = await onHost(reference, recorded, service, wishes);
  if (here !== undefined) return here;
  const auto = (wishes.pull[name] ?? 'auto') === 'auto';
  if (
    auto &&
    recorded?.reference === reference &&
    isDataImage(reference) &&
    (await engine.inspectImage(recorded.id)) !== undefined
  ) {
    return { source: 'recorded', reference, pinned: recorded.pinned, id: recorded.id };
  }
  const resolved = await wishes.resolve(reference);
  return { source: 'registry', reference, resolved, id: (await engine.inspectImage(resolved.pinned))?.id };
}

/**
 * What is never asked of a registry: `build: never` means the image that was built before, and `pull_policy: never` the one
 * that somebody brought to the host.
 * @throws UserError where it is not there
 */
async function onHost(
  reference: string,
  recorded: ReleaseImage | undefined,
  service: ServiceModel,
  { engine }: ImageWishes,
): Promise<WantedImage | undefined> {
  const built = service.build !== undefined && service.image === undefined;
  if (!built && service.pullPolicy !== 'never') return undefined;
  const before = built && recorded?.reference === reference ? await engine.inspectImage(recorded.id) : undefined;
  const found = before ?? (await engine.inspectImage(reference));
  if (found !== undefined) return { source: 'recorded', reference, pinned: undefined, id: found.id };
  const why = built
    ? '`build: never` was asked for, and no release recorded it'
    : 'its `pull_policy: never` lets nobody pull it';
  throw new UserError(`${service.name}: image ${reference} is not on the host, and ${why}`);
}

/** As Compose does it: a service without `build` runs what another one builds under the same image name. */
function builderOf(name: string, service: ServiceModel, model: ComposeModel): [string, ServiceModel] | undefined {
  if (service.build !== undefined) return [name, service];
  return Object.entries(model.services).find(
    ([, { build, image }]) => build !== undefined && image !== undefined && image === service.image,
  );
}

/** The same fingerprint means that a build would make the same image again. */
function fingerprintOfBuild(
  build: unknown,
  files: readonly { path: string; mode: number; sha256: string }[],
  salt: string,
): string {
  const hash = createHash('sha256').update(salt).update(JSON.stringify(build));
  for (const { path, mode, sha256 } of [...files].sort((a, b) => (a.path < b.path ? -1 : 1)))
    hash.update(`\0${path}\0${mode}\0${sha256}`);
  return hash.digest('hex');
}
