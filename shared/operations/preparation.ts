/** Everything that is known of a release before its images are there, and once they are: staged, observed, wanted, planned. */
import { describeProblem, UserError, type Problem } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { configCommand, hashCommand } from '../compose/command.js';
import type { Shipment } from '../compose/shipment.js';
import type { ReleaseLayout } from '../host/layout.js';
import { resolveImage } from '../host/image-resolver.js';
import type { Manifest, ReleaseImage } from '../release/manifest.js';
import { filesUnder, mountedPaths } from '../release/mounted-files.js';
import { observe } from '../release/observe.js';
import type { Observed } from '../release/observed.js';
import { changedServices, type Plan } from '../release/plan.js';
import { nextReleaseId } from '../release/release-id.js';
import { foreseeLabels, stage, type Staged } from '../release/staging.js';
import { newestRelease, type Store } from '../release/store.js';
import { unworkable } from '../release/unworkable.js';
import { askEarly, askOnce, wantedImages, type Resolve, type WantedImage } from '../release/wanted-images.js';
import { composeCall, modelCall } from './compose-calls.js';
import { driftedFiles, driftNames, driftWarnings } from './drift.js';
import { planFiles, type FilePlan } from './file-plan.js';
import type { Gathered } from './gather.js';
import { readHostEnv, type Hide } from './host-env.js';
import { missingOnHost } from './missing-on-host.js';
import { tellOfOthers } from './names-of-others.js';
import { refuseNetworksOfOthers } from './network-check.js';
import type { OpenHost } from './open-host.js';
import { makePlan } from './planning.js';
import { refusePortsOfOthers } from './port-check.js';
import type { PreparedRelease } from './prepared.js';
import { healthProblems, withProblems } from './refusals.js';
import { ENV_FILE, projectDirectory, tarEntries, type ReleaseFiles } from './release-files.js';
import type { DeployRequest } from './request.js';

/** A release whose files are on the host, beside what runs there. */
export interface StagedRelease {
  readonly id: string;
  readonly layout: ReleaseLayout;
  readonly shipment: Shipment;
  readonly files: ReleaseFiles;
  readonly staged: Staged;
  readonly observed: Observed;
  readonly previous: Manifest | undefined;
  readonly resolve: Resolve;
}

export interface PlannedRelease extends StagedRelease {
  /** What was found on the host that is most likely not meant. */
  readonly doubts: readonly Problem[];
  readonly filePlan: FilePlan;
  readonly images: ReadonlyMap<string, WantedImage>;
  readonly plan: Plan;
}

export interface PreparationInput {
  readonly host: OpenHost;
  readonly request: DeployRequest;
  readonly log: Log;
  readonly hide: Hide;
}

/** @throws UserError for what Compose refuses */
export async function stageRelease(
  { host, request }: PreparationInput,
  { shipment, files }: Gathered,
  store: Store,
): Promise<StagedRelease> {
  const previous = store.current;
  const id = nextReleaseId(new Date(), request.commit, newestRelease(store));
  const layout = host.layout.release(id);
  const subject = { project: request.project, composeFiles: files.composeFiles, profiles: request.profiles };
  const staging = {
    layout: host.layout,
    release: layout,
    config: host.compose(configCommand(composeCall(subject, layout.files)), layout.files),
    hash: host.compose(hashCommand(modelCall(subject, host.layout.path))),
    watched: [
      ...new Set([...[...files.files, ...(previous?.files ?? [])].map(({ path }) => path), ...shipment.hostFiles]),
    ],
    kept: files.files.filter(({ stays }) => stays === true).map(({ path }) => path),
  };
  const resolve = askOnce(async (reference) => resolveImage(host.engine, host.facts, reference, request.registries));
  askEarly(resolve, previous);
  const [told, observed] = await Promise.all([
    stage(host.shell, staging, tarEntries(files.files, shipment)),
    observe(host.engine, request.project),
  ]);
  const staged = await foreseeLabels(host.shell, staging, told, observed);
  return { id, layout, shipment, files, staged, observed, previous, resolve };
}

/** @throws UserError for everything in the stack that cannot be deployed; nothing that serves was touched */
export async function planRelease(input: PreparationInput, release: StagedRelease): Promise<PlannedRelease> {
  const refused = unworkable(release.staged.model, release.shipment.places);
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
  const doubts = await missingOnHost(host, release.shipment.missingBinds);
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

/** The same with the images' ids on this host: what looked new may be what runs already. */
export async function withFetchedImages(
  planned: PlannedRelease,
  images: ReadonlyMap<string, ReleaseImage>,
  { host, request }: Pick<PreparationInput, 'host' | 'request'>,
): Promise<PreparedRelease> {
  const { staged, shipment } = planned;
  // What was not on the host before is known only now.
  const healthless = await healthProblems(host.engine, staged.model, shipment.places, images);
  if (healthless.length > 0) throw new UserError(healthless);
  const fetched = new Map(
    [...planned.images].map(([service, image]) => [service, { ...image, id: images.get(service)?.id } as WantedImage]),
  );
  const plan = planOf({ ...planned, host, request, images: fetched });
  const references = new Set(changedServices(plan).flatMap((service) => images.get(service)?.reference ?? []));
  const names = [...references].filter((reference) => !reference.includes('@'));
  const [meanings, networks, volumes] = await Promise.all([
    Promise.all(
      names.map(async (name): Promise<[string, string | undefined]> => [
        name,
        (await host.engine.inspectImage(name))?.id,
      ]),
    ),
    host.engine.networks(request.project),
    host.engine.volumes(request.project),
  ]);
  return {
    id: planned.id,
    layout: planned.layout,
    shipment: planned.shipment,
    files: planned.files,
    filePlan: planned.filePlan,
    staged: planned.staged,
    plan,
    images,
    observedBefore: planned.observed,
    previous: planned.previous,
    namesBefore: new Map(meanings),
    networksBefore: networks,
    volumesBefore: volumes,
  };
}

type PlanSubject = Omit<PlannedRelease, 'plan' | 'resolve'> & Pick<PreparationInput, 'host' | 'request'>;

function planOf({
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
