/** What a release is made of: the checkout's files, the environment that is given, and what of the host's own stays. */
import { UserError } from '../base/errors.js';
import type { Log } from '../base/log.js';
import { findShipment } from '../compose/finder.js';
import type { Shipment } from '../compose/shipment.js';
import { readSums } from '../release/host-sums.js';
import type { Store } from '../release/store.js';
import { driftedFiles } from './drift.js';
import { laidOver, readHostEnv, type Hide, type HostEnv } from './host-env.js';
import type { OpenHost } from './open-host.js';
import { ENV_FILE, releaseFiles, withKeptFiles, type ReleaseFiles } from './release-files.js';
import type { DeployRequest } from './request.js';
import { refuseScaleOfNobody } from './scale-check.js';

export interface Gathered {
  /** With the whole environment of the stack, and the profiles that it names. */
  readonly request: DeployRequest;
  readonly shipment: Shipment;
  readonly files: ReleaseFiles;
}

/** What the checkout ships; undefined where only the host's environment tells what its compose files mean. */
export async function shipmentOfCheckout(request: DeployRequest, log: Log): Promise<Shipment | undefined> {
  return request.envSource === 'checkout' ? findAndWarn(request, log) : undefined;
}

/** What is not meant so is said once, where the compose files are read first. */
async function findAndWarn(request: DeployRequest, log: Log): Promise<Shipment> {
  const shipment = await findShipment(shipmentRequest(request));
  refuseScaleOfNobody(request, shipment);
  for (const warning of shipment.warnings) log.warning(warning.message, warning);
  return shipment;
}

/**
 * Asks the host for what stays its own: nothing at all in the usual case.
 * @throws UserError for an environment that is not there or cannot be read, and for what the checkout has wrong
 */
export async function gather(
  host: OpenHost,
  asked: DeployRequest,
  found: Shipment | undefined,
  { store, hide, log }: { readonly store: Store; readonly hide: Hide; readonly log: Log },
): Promise<Gathered> {
  const hostEnv = asked.envSource === 'checkout' ? undefined : await ofHost(host, asked, hide);
  const request = withEnvironment(asked, hostEnv);
  const shipment = found ?? (await findAndWarn(request, log));
  const there = { ...request, path: host.layout.path };
  const files = releaseFiles(there, shipment, hostEnv);
  if (request.drift !== 'keep') return { request, shipment, files };
  return keepDrifted(host, { request, shipment, files }, { asked, store, hide });
}

async function ofHost(host: OpenHost, request: DeployRequest, hide: Hide): Promise<HostEnv> {
  const found = await readHostEnv(host, hide);
  if (request.envSource === 'merge') return laidOver(found, request.env, host);
  if (found !== undefined) return found;
  throw new UserError(
    `there is no ${ENV_FILE} in ${host.layout.path} on ${host.shell.name}, and with \`env-source: host\` that is the stack's environment: ` +
      'put it there, or use `env-source: merge`',
  );
}

interface Keeping {
  readonly asked: DeployRequest;
  readonly store: Store;
  readonly hide: Hide;
}

/** What someone changed on the host becomes part of the release; a changed `.env` is its environment then. */
async function keepDrifted(
  host: OpenHost,
  { request, shipment, files }: Gathered,
  { asked, store, hide }: Keeping,
): Promise<Gathered> {
  const sums = await readSums(
    host.shell,
    host.layout.path,
    files.files.map(({ path }) => path),
  );
  const { changed } = driftedFiles(files.files, sums, store.current);
  const kept = new Map(changed.filter((path) => path !== ENV_FILE).map((path) => [path, sums.get(path) ?? '']));
  const env = changed.includes(ENV_FILE) ? await readHostEnv(host, hide) : undefined;
  if (env === undefined) return { request, shipment, files: withKeptFiles(files, kept) };
  const insteadOf = files.files.find(({ path }) => path === ENV_FILE)?.sha256 ?? '';
  const keptRequest = withEnvironment(asked, env);
  const keptShipment = await findShipment(shipmentRequest(keptRequest));
  const keptFiles = releaseFiles({ ...keptRequest, path: host.layout.path }, keptShipment, { ...env, insteadOf });
  return { request: keptRequest, shipment: keptShipment, files: withKeptFiles(keptFiles, kept) };
}

/** As for Compose: profiles that are asked for go before those of the environment. */
function withEnvironment(request: DeployRequest, hostEnv: HostEnv | undefined): DeployRequest {
  const env = hostEnv === undefined ? request.env : Object.fromEntries(hostEnv.values);
  const named = (env['COMPOSE_PROFILES'] ?? '').split(',').filter((profile) => profile !== '');
  return { ...request, env, profiles: request.profiles.length > 0 ? request.profiles : named };
}

function shipmentRequest(request: DeployRequest): Parameters<typeof findShipment>[0] {
  return {
    root: request.root,
    shownRoot: request.shownRoot,
    composeFiles: request.composeFiles,
    ship: request.ship,
    env: { ...request.env, HOMEPORT_VERSION: request.version, HOMEPORT_COMMIT: request.commit },
    profiles: request.profiles,
    givenEmpty: request.givenEmpty,
    ...(request.envFile === undefined ? {} : { provided: [request.envFile] }),
  };
}
