/** The release that somebody had made by hand, as if Homeport had: what runs, from which files. */
import { imageName } from '../compose/model.js';
import { dependencyLevels } from '../compose/order.js';
import { parseModel } from '../compose/parse-model.js';
import { publishedPorts } from '../release/claims.js';
import { fileSources } from '../release/file-sources.js';
import { MANIFEST_VERSION, type Manifest, type ManifestFile, type ManifestService } from '../release/manifest.js';
import { servingImage, type Observed } from '../release/observed.js';
import { wasOneShot, whatRan } from '../release/ran.js';
import { saltedHash } from '../release/salted-hash.js';
import type { OpenHost } from './open-host.js';
import type { Proof } from './adoption-proof.js';
import { definitions } from './planning.js';
import type { DeployRequest } from './request.js';

export interface AdoptedInput {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly id: string;
  readonly composeFiles: readonly string[];
  readonly files: readonly ManifestFile[];
  readonly values: ReadonlyMap<string, string>;
  readonly observed: Observed;
  readonly proof: Proof;
}

/** In the release's own folder, since the project's folder stays as it was. */
export const ADOPTED_ENV = 'env';
export const ADOPTED_SCALE = 'scale.yml';

export function adoptedManifest(input: AdoptedInput): Manifest {
  const { host, request, id, proof, values } = input;
  const model = parseModel(proof.model);
  const services = Object.entries(model.services).flatMap(([name, service]): [string, ManifestService][] => {
    const containers = input.observed.get(name) ?? [];
    const [first] = containers;
    if (first === undefined) return [];
    const ran = whatRan(containers);
    const conditions = Object.entries(service.dependsOn).map(([other, { condition }]) => [other, condition]);
    return [
      [
        name,
        {
          image: { reference: imageName(model, service), id: servingImage(containers) ?? first.imageId },
          configHash: proof.hashes.get(name) ?? first.configHash,
          replicas: containers.length,
          oneShot: wasOneShot(model, service, ran),
          ran,
          dependsOn: Object.fromEntries(conditions) as Record<string, string>,
          ports: publishedPorts(service.ports),
        },
      ],
    ];
  });
  const names = new Set(services.map(([name]) => name));
  const scaled = services.some(([name, { replicas }]) => model.services[name]?.replicas !== replicas);
  const inFolder = (file: string): string => `.homeport/releases/${id}/${file}`;
  return {
    homeport: MANIFEST_VERSION,
    id,
    project: request.project,
    version: 'adopted',
    commit: '',
    actor: request.actor,
    runUrl: request.runUrl,
    reason: 'started by hand',
    createdAt: new Date().toISOString(),
    verdict: 'adopted',
    previous: undefined,
    composeFiles: [...input.composeFiles, ...(scaled ? [inFolder(ADOPTED_SCALE)] : [])],
    profiles: proof.profiles,
    envFile: proof.derived.size === 0 ? '' : inFolder(ADOPTED_ENV),
    scale: {},
    services: Object.fromEntries(services),
    levels: dependencyLevels(model)
      .map((level) => level.filter((name) => names.has(name)))
      .filter((level) => level.length > 0),
    files: input.files,
    env: Object.fromEntries([...values].map(([key, value]) => [key, saltedHash(id, key, value)])),
    fileSources: fileSources(id, model, Object.fromEntries(values)),
    networks: Object.fromEntries(definitions(model.networks)),
    volumes: Object.fromEntries(definitions(model.volumes)),
    imageStore: host.facts.imageStore,
    dockerVersion: host.facts.dockerVersion,
    composeVersion: host.facts.composeVersion,
    phases: [],
    downtime: undefined,
  };
}
