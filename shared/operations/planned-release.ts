/** What a staged release would change: looked at, refused where it cannot work, planned. */
import { describeProblem, UserError, type Problem } from '../base/errors.js';
import type { MissingFile } from '../compose/missing-bind.js';
import type { Shipment } from '../compose/shipment.js';
import { filesUnder, mountedPaths } from '../release/mounted-files.js';
import type { Plan } from '../release/plan.js';
import type { Staged } from '../release/staging.js';
import { unbuildable, unworkable } from '../release/unworkable.js';
import { wantedImages, type WantedImage } from '../release/wanted-images.js';
import { driftedFiles, driftNames, driftWarnings } from './drift.js';
import { planFiles, type FilePlan } from './file-plan.js';
import { readHostEnv } from './host-env.js';
import { missingOnHost } from './missing-on-host.js';
import { tellOfOthers } from './names-of-others.js';
import { refuseNetworksOfOthers } from './network-check.js';
import type { OpenHost } from './open-host.js';
import { makePlan } from './planning.js';
import { refusePortsOfOthers } from './port-check.js';
import { healthProblems, withProblems } from './refusals.js';
import { ENV_FILE, projectDirectory } from './release-files.js';
import type { DeployRequest } from './request.js';
import type { PreparationInput, StagedRelease } from './staged-release.js';

export interface PlannedRelease extends StagedRelease {
  /** What was found on the host that is most likely not meant. */
  readonly doubts: readonly Problem[];
  readonly filePlan: FilePlan;
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly plan: Plan;
}

/** @throws UserError for everything in the stack that cannot be deployed; nothing that serves was touched */
export async function planRelease(input: PreparationInput, release: StagedRelease): Promise<PlannedRelease> {
  const { model } = release.staged;
  const { places } = release.shipment;
  const refused = [
    ...unworkable(model, places),
    ...(input.request.build === 'never' ? [] : unbuildable(model, places, input.host.facts.composeVersion)),
  ];
  return withProblems(refused, async () => planWhatWorks(input, release));
}

async function planWhatWorks(
  { host, request, log, hide }: PreparationInput,
  release: StagedRelease,
): Promise<PlannedRelease> {
  const filePlan = await filePlanOf({ host, request, hide }, release);
  const images = await wantedImages({
    engine: host.engine,
    resolve: release.resolve,
    model: release.staged.model,
    previous: release.previous,
    contexts: new Map(release.shipment.contexts.map((context) => [context.service, context.files])),
    pull: request.pull,
    build: request.build,
    log,
  });
  const doubts = await missingOnHost(host, release.shipment.missingBinds, missingAndUsed(host, release));
  for (const doubt of doubts) log.warning(doubt.message, doubt);
  const planned = { ...release, filePlan, images, doubts };
  const { model } = release.staged;
  const healthless = await healthProblems(host.engine, model, release.shipment.places, images);
  return withProblems(healthless, async () => {
    const plan = planOf({ ...planned, host, request });
    await refusePortsOfOthers(host, request.project, model, plan);
    await refuseNetworksOfOthers(host, plan, release.observed);
    return tellOfOthers({ ...planned, plan }, host.engine, request.project, log);
  });
}

/** A config or secret that no service uses, Compose does not miss. */
function missingAndUsed(host: OpenHost, { staged, shipment }: StagedRelease): MissingFile[] {
  const used = new Set(
    Object.values(staged.model.services).flatMap((service) => mountedPaths(service, staged.model, host.layout.path)),
  );
  return shipment.missingFiles.filter(({ path }) => used.has(path));
}

/** That it differs can be said without its keys. */
function unlessUnreadable(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error;
}

async function filePlanOf(
  { host, request, hide }: Omit<PreparationInput, 'log'>,
  { files, staged, previous, observed }: StagedRelease,
): Promise<FilePlan> {
  const { changed } = driftedFiles(files.files, staged.hostFiles, previous);
  const env = files.files.find(({ path }) => path === ENV_FILE);
  const envDrifted = changed.includes(ENV_FILE) || env?.insteadOf !== undefined;
  // Only where someone changed it is the file worth a look, and a session, of its own.
  const onHost = envDrifted ? await readHostEnv(host, hide).catch(unlessUnreadable) : undefined;
  const mounted = Object.values(staged.model.services).flatMap((service) =>
    mountedPaths(service, staged.model, host.layout.path),
  );
  return planFiles(files.files, staged.hostFiles, previous, {
    drift: request.drift,
    envNames: onHost === undefined ? undefined : driftNames(onHost.values, files.env, previous),
    servesAsShipped: [...observed].every(([service, containers]) => {
      const recorded = previous?.services[service]?.configHash ?? '';
      return recorded === '' || containers.every(({ configHash }) => configHash === recorded);
    }),
    mounted: (path) => filesUnder([{ path }], mounted).length > 0,
  });
}

type PlanSubject = Omit<PlannedRelease, 'plan' | 'resolve'> & Pick<PreparationInput, 'host' | 'request'>;

/** Asked twice: before the images are fetched, and with what they turned out to be. */
export function planOf({
  host,
  request,
  id,
  layout,
  shipment,
  files,
  filePlan,
  staged,
  images,
  observed,
  previous,
  doubts,
}: PlanSubject): Plan {
  return makePlan({
    request,
    id,
    path: host.layout.path,
    projectDirectory: projectDirectory(host.layout.path, shipment),
    staged,
    images,
    observed,
    previous,
    files: filePlan,
    env: files.env,
    warnings: [
      ...driftWarnings(filePlan.drift, layout),
      ...doubts.map(describeProblem),
      ...planWarnings(request, shipment, staged),
    ],
  });
}

function planWarnings(request: DeployRequest, shipment: Shipment, staged: Staged): string[] {
  const versioned = [...shipment.variables].filter((name) => name === 'HOMEPORT_VERSION' || name === 'HOMEPORT_COMMIT');
  const everywhere = shipment.dotEnvReaders.filter((service) => staged.model.services[service] !== undefined);
  const raw = shipment.envFileReaders.filter((reader) => reader.raw);
  return [
    ...shipment.warnings.map(describeProblem),
    ...(versioned.length > 0 && everywhere.length > 0
      ? [
          `${versioned.join(' and ')} is in .env for the compose file, and ${everywhere.join(', ')} reads .env as env_file: it is recreated at every commit`,
        ]
      : []),
    ...raw.map(
      ({ service, path }) =>
        `${service} reads ${path} as \`format: raw\`: quotes that Homeport writes there become part of its values`,
    ),
    ...shipment.hostFiles
      .filter((path) => !staged.hostFiles.has(path))
      .map((path) => `${path} is neither in the checkout nor readable in ${request.path} on the host`),
  ];
}
