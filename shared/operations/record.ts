/** What is written down of a release: its manifest, and one line in the host's log for every operation. */
import { dependencyLevels } from '../compose/order.js';
import { publishedPorts } from '../release/claims.js';
import { fileSources } from '../release/file-sources.js';
import { MANIFEST_VERSION, type Manifest, type ManifestService, type ReleaseImage } from '../release/manifest.js';
import type { Observed } from '../release/observed.js';
import { wasOneShot, whatRan } from '../release/ran.js';
import { saltedHash } from '../release/salted-hash.js';
import { rerunHooks } from './hooks-again.js';
import type { OpenHost } from './open-host.js';
import { definitions, foreseenHash } from './planning.js';
import type { PreparedRelease } from './prepared.js';
import type { DeployRequest } from './request.js';
import type { PhaseTime, Verdict } from './result.js';

export interface Outcome {
  readonly verdict: Manifest['verdict'];
  readonly phases: readonly PhaseTime[];
  readonly downtime: number | undefined;
  /** What the last gate saw, where all were passed. */
  readonly seen?: Observed;
}

export function makeManifest(
  host: OpenHost,
  request: DeployRequest,
  release: PreparedRelease,
  outcome: Outcome,
): Manifest {
  const { id, staged, previous, files, plan } = release;
  return {
    homeport: MANIFEST_VERSION,
    id,
    project: request.project,
    version: request.version,
    commit: request.commit,
    actor: request.actor,
    runUrl: request.runUrl,
    reason: request.reason,
    createdAt: new Date().toISOString(),
    verdict: outcome.verdict,
    previous: previous?.id,
    composeFiles: files.composeFiles,
    profiles: request.profiles,
    scale: request.scale,
    services: Object.fromEntries(
      Object.keys(staged.model.services).map((name) => [name, manifestService(name, release, outcome.seen)]),
    ),
    levels: dependencyLevels(staged.model),
    files: files.files.map(({ path, mode, sha256, insteadOf }) => ({
      path,
      mode,
      sha256,
      ...(insteadOf === undefined ? {} : { insteadOf }),
    })),
    env: Object.fromEntries(Object.entries(files.env).map(([key, value]) => [key, saltedHash(id, key, value)])),
    fileSources: fileSources(id, staged.model, files.env),
    networks: Object.fromEntries(definitions(staged.model.networks)),
    volumes: Object.fromEntries(definitions(staged.model.volumes)),
    onReturn: rerunHooks(request),
    imageStore: host.facts.imageStore,
    dockerVersion: host.facts.dockerVersion,
    composeVersion: host.facts.composeVersion,
    changes: plan.files,
    phases: outcome.phases,
    downtime: outcome.downtime,
  };
}

function manifestService(name: string, release: PreparedRelease, seen: Observed | undefined): ManifestService {
  const { staged, images } = release;
  const service = staged.model.services[name];
  const image = images.get(name);
  if (service === undefined || image === undefined) throw new Error(`service ${name} has no image`);
  const ran = seen === undefined ? undefined : whatRan(seen.get(name) ?? []);
  return {
    image,
    configHash: foreseenHash(name, release) ?? '',
    replicas: service.replicas,
    oneShot: wasOneShot(staged.model, service, ran),
    ...(ran === undefined ? {} : { ran }),
    dependsOn: Object.fromEntries(
      Object.entries(service.dependsOn).map(([other, { condition }]) => [other, condition]),
    ),
    ports: publishedPorts(service.ports),
  };
}

/** One line of JSON: who, what, when, from which run, how it ended. */
export function logLine(
  request: DeployRequest,
  entry: {
    release: string | undefined;
    previous: string | undefined;
    verdict: Verdict;
    duration: number;
    cause?: string;
  },
): string {
  return JSON.stringify({
    time: new Date().toISOString(),
    operation: 'deploy',
    project: request.project,
    ...entry,
    version: request.version,
    commit: request.commit,
    actor: request.actor,
    run: request.runUrl,
    reason: request.reason,
  });
}

/**
 * Where what runs is not what a release says, in words; empty when all is as recorded. A config hash that could not be
 * foreseen says nothing.
 */
export function differences(
  services: Readonly<
    Record<string, { readonly image: Pick<ReleaseImage, 'id'> | undefined; readonly configHash: string | undefined }>
  >,
  observed: Observed,
): string[] {
  return Object.entries(services).flatMap(([name, { image, configHash }]) => {
    const containers = observed.get(name) ?? [];
    return containers.flatMap((container) => [
      ...(container.imageId === image?.id
        ? []
        : [`${container.name} runs image ${container.imageId} and not ${image?.id ?? 'any'}`]),
      ...(configHash === undefined || container.configHash === configHash
        ? []
        : [`${container.name} does not have the config of this release`]),
    ]);
  });
}
