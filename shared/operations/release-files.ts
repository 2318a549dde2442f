/** The files of a release: what the checkout gives, and the ones that are made for it (`.env`, the scale). */
import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { DEFAULT_FILES } from '../compose/default-files.js';
import { writeDotenv } from '../compose/dotenv.js';
import type { ShippedFile, Shipment } from '../compose/shipment.js';
import type { TarEntry } from '../ssh/ship.js';
import type { DeployRequest } from './request.js';

export interface ReleaseFile {
  /** Relative to the project's path on the host. */
  readonly path: string;
  readonly mode: number;
  readonly sha256: string;
  readonly content: string | { readonly file: string; readonly size: number } | { readonly linkTo: string };
}

export const ENV_FILE = '.env';
export const SCALE_FILE = '.homeport/scale.yml';

export interface ReleaseFiles {
  readonly files: readonly ReleaseFile[];
  /** As the operator's Compose and ours get them, in order; relative. */
  readonly composeFiles: readonly string[];
  /** What is in `.env`. */
  readonly env: Readonly<Record<string, string>>;
}

export function releaseFiles(request: DeployRequest, shipment: Shipment): ReleaseFiles {
  const scaled = Object.keys(request.scale).length > 0;
  const composeFiles = [...shipment.composeFiles, ...(scaled ? [SCALE_FILE] : [])];
  const env = stackEnvironment(request, shipment, composeFiles);
  const made = [
    madeFile(ENV_FILE, 0o600, writeDotenv(env)),
    ...namedEnvFiles(shipment).map((path) => madeFile(path, 0o600, writeDotenv(new Map(Object.entries(request.env))))),
    ...(scaled ? [madeFile(SCALE_FILE, 0o644, scaleText(request.scale))] : []),
  ];
  const written = new Set(made.map(({ path }) => path));
  const shipped = shipment.files.filter(({ path }) => !written.has(path)).map(shippedFile);
  return { files: [...shipped, ...made], composeFiles, env: Object.fromEntries(env) };
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

/** A release's files and build contexts as they travel. */
export function tarEntries(files: readonly ReleaseFile[], shipment: Shipment): TarEntry[] {
  const contexts = new Map(shipment.contexts.flatMap((context) => context.files).map((file) => [file.path, file]));
  return [
    ...files.map((file) => tarEntry('files', file)),
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

function stackEnvironment(
  request: DeployRequest,
  shipment: Shipment,
  composeFiles: readonly string[],
): Map<string, string> {
  const env = new Map(Object.entries(request.env));
  // In every .env they would change every config hash at every deploy, so only where a compose file asks for them.
  const own = { HOMEPORT_VERSION: request.version, HOMEPORT_COMMIT: request.commit };
  for (const [name, value] of Object.entries(own)) if (shipment.variables.has(name)) env.set(name, value);
  // For the operator's own `docker compose up -d`; only where Compose's defaults differ, since they leak through `env_file: .env`.
  if (defaultProjectName(request.path) !== request.project) env.set('COMPOSE_PROJECT_NAME', request.project);
  if (!isDefault(composeFiles, request)) env.set('COMPOSE_FILE', composeFiles.join(':'));
  if (request.profiles.length > 0) env.set('COMPOSE_PROFILES', request.profiles.join(','));
  return env;
}

/** How Compose names a project after its folder. */
export function defaultProjectName(path: string): string {
  return posix
    .basename(path)
    .toLowerCase()
    .replaceAll(/[^-_a-z0-9]/g, '')
    .replace(/^[_-]+/, '');
}

function isDefault(composeFiles: readonly string[], request: DeployRequest): boolean {
  if (Object.keys(request.scale).length > 0) return false;
  if (request.composeFiles.length === 0) return true;
  const [only, ...more] = composeFiles;
  return more.length === 0 && only !== undefined && DEFAULT_FILES.includes(only);
}

function scaleText(scale: Readonly<Record<string, number>>): string {
  return `${JSON.stringify({ services: Object.fromEntries(Object.entries(scale).map(([name, replicas]) => [name, { scale: replicas }])) })}\n`;
}

function madeFile(path: string, mode: number, content: string): ReleaseFile {
  return { path, mode, content, sha256: createHash('sha256').update(content).digest('hex') };
}
