/**
 * What a project's `.env` must say so that an operator's own `docker compose up -d` in the folder means what Homeport
 * deployed: only where Compose would take something else, since such keys leak into containers through `env_file: .env`.
 */
import { posix } from 'node:path';
import { DEFAULT_FILES, OVERRIDES } from './default-files.js';

export interface Deployed {
  readonly project: string;
  /** The project's folder on the host. */
  readonly path: string;
  /** Relative to the path. */
  readonly composeFiles: readonly string[];
  readonly profiles: readonly string[];
  /** What the compose files name the project; undefined where they do not. */
  readonly name: string | undefined;
  /** Relative paths of what lies in the folder and is ours. */
  readonly shipped: readonly string[];
}

/** @param env what the `.env` says without these keys */
export function ownKeys(deployed: Deployed, env: ReadonlyMap<string, string>): Map<string, string> {
  const { project, composeFiles, profiles } = deployed;
  const own = new Map<string, string>();
  if (usualName(deployed, env) !== project) own.set('COMPOSE_PROJECT_NAME', project);
  const separator = env.get('COMPOSE_PATH_SEPARATOR') ?? ':';
  if (usualFiles(deployed, env) !== composeFiles.join(separator)) own.set('COMPOSE_FILE', composeFiles.join(separator));
  if ((env.get('COMPOSE_PROFILES') ?? '') !== profiles.join(',')) own.set('COMPOSE_PROFILES', profiles.join(','));
  return own;
}

function usualName({ path, name, composeFiles }: Deployed, env: ReadonlyMap<string, string>): string {
  const given = env.get('COMPOSE_PROJECT_NAME') ?? '';
  if (given !== '') return given;
  return name ?? defaultProjectName(posix.join(path, posix.dirname(composeFiles[0] ?? '')));
}

/** How Compose names a project after its folder. */
export function defaultProjectName(path: string): string {
  return posix
    .basename(path)
    .toLowerCase()
    .replaceAll(/[^-_a-z0-9]/g, '')
    .replace(/^[_-]+/, '');
}

/** What Compose would pick from what we ship. */
function usualFiles({ composeFiles, shipped }: Deployed, env: ReadonlyMap<string, string>): string {
  const given = env.get('COMPOSE_FILE') ?? '';
  if (given !== '') return given;
  const there = new Set([...shipped, ...composeFiles]);
  const picked = [DEFAULT_FILES, OVERRIDES].flatMap((names) => names.find((name) => there.has(name)) ?? []);
  return picked.join(':');
}
