/** The files of a release: what the checkout gives, and the ones that are made for it (`.env`, the scale). */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { writeDotenv } from '../compose/dotenv.js';
import { withOwnLines } from '../compose/dotenv-lines.js';
import { ownKeys } from '../compose/own-keys.js';
import type { ShippedFile, Shipment } from '../compose/shipment.js';
import type { TarEntry } from '../ssh/ship.js';
import type { DeployRequest } from './request.js';
import type { HostEnv } from './host-env.js';

export interface ReleaseFile {
  /** Relative to the project's path on the host. */
  readonly path: string;
  readonly mode: number;
  readonly sha256: string;
  readonly content: string | { readonly file: string; readonly size: number } | { readonly linkTo: string };
  /** SHA-256 of the host's own file of which this one was made: another one there by now was not read. */
  readonly madeFrom?: string;
  /** SHA-256 of the checkout's file, in whose place the host's own stays. */
  readonly insteadOf?: string;
  /** It is not shipped but taken from the project's folder. */
  readonly stays?: true;
}

export const ENV_FILE = '.env';
const SCALE_FILE = '.homeport/scale.yml';

export interface ReleaseFiles {
  readonly files: readonly ReleaseFile[];
  /** As the operator's Compose and ours get them, in order; relative. */
  readonly composeFiles: readonly string[];
  /** What is in `.env`. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * @param request with the whole environment of the stack
 * @param hostEnv where that is written in a file of the host's own
 */
export function releaseFiles(request: DeployRequest, shipment: Shipment, hostEnv?: HostEnv): ReleaseFiles {
  const scaled = Object.keys(request.scale).length > 0;
  const composeFiles = [...shipment.composeFiles, ...(scaled ? [SCALE_FILE] : [])];
  const given = new Map(Object.entries(request.env));
  const shippedPaths = shipment.files.map(({ path }) => path);
  const own = new Map([
    ...versionKeys(request, shipment),
    ...ownKeys({ ...request, composeFiles, name: shipment.name, shipped: shippedPaths }, given),
  ]);
  const text = hostEnv?.text ?? writeDotenv(new Map([...given].filter(([key]) => !own.has(key))));
  const made = [
    {
      ...madeFile(ENV_FILE, 0o600, withOwnLines(text, own)),
      ...(hostEnv === undefined ? {} : { madeFrom: hostEnv.sha256 }),
      ...(hostEnv?.insteadOf === undefined ? {} : { insteadOf: hostEnv.insteadOf }),
    },
    ...namedEnvFiles(shipment).map((path) => madeFile(path, 0o600, hostEnv?.own ?? writeDotenv(given))),
    ...(scaled ? [madeFile(SCALE_FILE, 0o644, scaleText(request.scale, shipment))] : []),
  ];
  const written = new Set(made.map(({ path }) => path));
  const shipped = shipment.files.filter(({ path }) => !written.has(path)).map(shippedFile);
  return { files: [...shipped, ...made], composeFiles, env: Object.fromEntries([...given, ...own]) };
}

/**
 * The env files that services name and we write: the config's `env-file`, and the `.env` of a project in a folder below. They
 * get the stack's own values, whatever was laid over the file, and nothing of ours.
 */
function namedEnvFiles({ envFileReaders }: Shipment): string[] {
  return [...new Set(envFileReaders.map(({ path }) => path))].filter((path) => path !== ENV_FILE).sort();
}

function shippedFile({ path, mode, sha256, file, size, link }: ShippedFile): ReleaseFile {
  return { path, mode, sha256, content: link === undefined ? { file, size } : { linkTo: link } };
}

/**
 * The same where files on the host stay as someone changed them.
 * @param kept relative path -> SHA-256 of what lies on the host
 */
export function withKeptFiles(files: ReleaseFiles, kept: ReadonlyMap<string, string>): ReleaseFiles {
  const stay = (file: ReleaseFile): ReleaseFile => {
    const sha256 = kept.get(file.path);
    return sha256 === undefined ? file : { ...file, sha256, madeFrom: sha256, insteadOf: file.sha256, stays: true };
  };
  return { ...files, files: files.files.map(stay) };
}

/** A release's files and build contexts as they travel. */
export function tarEntries(files: readonly ReleaseFile[], shipment: Shipment): TarEntry[] {
  const contexts = new Map(shipment.contexts.flatMap((context) => context.files).map((file) => [file.path, file]));
  return [
    ...files.filter(({ stays }) => stays === undefined).map((file) => tarEntry('files', file)),
    ...[...contexts.values()].map((file) => tarEntry('build', shippedFile(file))),
  ];
}

function tarEntry(folder: 'files' | 'build', { path, mode, content }: ReleaseFile): TarEntry {
  const name = `${folder}/${path}`;
  return typeof content === 'object' && 'linkTo' in content
    ? { path: name, linkTo: content.linkTo }
    : { path: name, mode, content };
}

/** The project directory on the host: the folder of the first compose file, as Compose takes it. */
export function projectDirectory(path: string, shipment: Shipment): string {
  return shipment.projectDirectory === '' ? path : posix.join(path, shipment.projectDirectory);
}

/** In every .env they would change every config hash at every deploy, so only where a compose file asks for them. */
function versionKeys(request: DeployRequest, shipment: Shipment): [string, string][] {
  const own: [string, string][] = [
    ['HOMEPORT_VERSION', request.version],
    ['HOMEPORT_COMMIT', request.commit],
  ];
  return own.filter(([name]) => shipment.variables.has(name));
}

/** Compose refuses two numbers that differ, and `deploy` where there was none would change the hash of the service. */
function scaleText(scale: Readonly<Record<string, number>>, { places }: Shipment): string {
  const services = Object.entries(scale).map(([name, replicas]) => [
    name,
    { scale: replicas, ...(places.has(`${name} replicas`) ? { deploy: { replicas } } : {}) },
  ]);
  return `${JSON.stringify({ services: Object.fromEntries(services) as object })}\n`;
}

function madeFile(path: string, mode: number, content: string): ReleaseFile {
  return { path, mode, content, sha256: createHash('sha256').update(content).digest('hex') };
}
