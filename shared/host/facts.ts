/** What a host is and has, asked once, in one session, before anything is done to it. */
import { posix } from 'node:path';
import { HostFailure, messageOf, UserError } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import { sh } from '../ssh/shell-text.js';
import { DockerConfig, type AskHelper } from './docker-config.js';
import type { EngineInfo } from './engine.js';
import { FACTS_END, factsText } from './facts-script.js';
import { parseFacts } from './facts-parse.js';
import type { ListeningSocket } from './ports.js';

export { checkFacts, factProblems } from './facts-check.js';

export interface HostFacts {
  readonly user: string;
  readonly home: string;
  /** The project's folder: absolute, `~/` expanded. It may not exist yet. */
  readonly path: string;
  readonly pathExists: boolean;
  /** The nearest folder that exists: `path` itself, or where it will be made. */
  readonly nearestFolder: string;
  readonly nearestIsFolder: boolean;
  /** Whether files can be made in `nearestFolder`. */
  readonly writable: boolean;
  /** false: `.homeport` is there and another user's. */
  readonly ownFolderWritable: boolean;
  /** Whether a file made 0600 there is 0600: not so on some mounted shares. */
  readonly modesHold: boolean;
  /** Docker is asked through `sudo -n`. */
  readonly sudo: boolean;
  /** argv up to docker's own arguments: `['/usr/bin/docker']`, `['sudo', '-n', '/usr/bin/docker']`; empty where there is no Docker. */
  readonly dockerCommand: readonly string[];
  /** The plugin itself, which starts three times faster than `docker compose`; with sudo through docker. Empty where there is none. */
  readonly composeCommand: readonly string[];
  /** All that docker and Compose are given, under `env -i`: HOME, PATH, and where the engine is when that is not the default. */
  readonly hostEnvironment: Readonly<Record<string, string>>;
  /** Why the engine cannot be asked; what it tells is empty then. */
  readonly engineError: string | undefined;
  readonly dockerVersion: string;
  readonly composeVersion: string;
  readonly imageStore: 'classic' | 'containerd';
  /** As images name it: `amd64`, `arm64`. */
  readonly architecture: string;
  readonly os: string;
  readonly rootless: boolean;
  readonly dockerRoot: string;
  /** Mirrors of docker.io as the engine is configured: `http://mirror.example:5000/`. */
  readonly mirrors: readonly string[];
  readonly buildx: boolean;
  readonly flock: boolean;
  readonly setsid: boolean;
  readonly tar: boolean;
  /** Of the commands that Homeport's scripts need. */
  readonly missingTools: readonly string[];
  /** Bytes; undefined where `df` did not say. */
  readonly pathFree: number | undefined;
  /** Bytes; undefined where the engine keeps its data in no usual folder. */
  readonly dockerFree: number | undefined;
  /** Seconds since boot; undefined without /proc. */
  readonly uptime: number | undefined;
  /** The host's clock, milliseconds since 1970, whole seconds. */
  readonly clock: number;
  readonly listening: readonly ListeningSocket[];
  /** The user's own `~/.docker/config.json`: holds secrets, shows none. */
  readonly dockerConfig: DockerConfig;
}

export interface FactsQuestion {
  /** Absolute, or `~/…`. */
  readonly path: string;
  readonly sudo: boolean;
  readonly project: string;
}

/** Long enough for an engine that is busy starting. */
const LIMIT = 60_000;

/**
 * Does not judge: a host without Docker has facts too.
 * @param engine what the engine tells of itself, asked meanwhile
 * @throws UserError for a path that is none, HostFailure when the host could not be asked
 */
export async function gatherFacts(
  shell: HostShell,
  question: FactsQuestion,
  engine: Promise<EngineInfo>,
): Promise<HostFacts> {
  engine.catch(() => undefined);
  const path = normalPath(question.path);
  const result = await shell.run(factsText(path, question.sudo), { timeout: LIMIT });
  if (result.status !== 0 || !result.stdout.includes(FACTS_END)) {
    const said = result.stderr.split('\n').filter((line) => line !== '');
    throw new HostFailure(
      shell.name,
      `${shell.name} could not be asked what it has (exit status ${result.status})`,
      said,
    );
  }
  const { facts, freeAt, dockerConfig } = parseFacts(result.stdout, question.sudo);
  const told = facts.dockerCommand.length === 0 ? NO_ENGINE : await engine.then(answering, silentEngine);
  return {
    ...facts,
    ...told,
    dockerFree: freeAt.get(told.dockerRoot),
    dockerConfig: DockerConfig.parse(dockerConfig, helperOf(shell, facts.hostEnvironment)),
  };
}

type EngineFacts = EngineInfo & { readonly engineError: string | undefined };

const NO_ENGINE: EngineFacts = {
  dockerVersion: '',
  engineError: 'there is none',
  imageStore: 'classic',
  architecture: '',
  os: '',
  rootless: false,
  dockerRoot: '',
  mirrors: [],
};

function answering(info: EngineInfo): EngineFacts {
  return { ...info, engineError: undefined };
}

/** What Docker's client printed says more than that its session ended. */
function silentEngine(error: unknown): EngineFacts {
  const printed = error instanceof HostFailure ? error.lastLines.join(' ').trim() : '';
  return { ...NO_ENGINE, engineError: printed === '' ? messageOf(error) : printed };
}

/** A helper that is not there or has nothing to say is no failure: there may be other ways in. */
function helperOf(shell: HostShell, environment: Readonly<Record<string, string>>): AskHelper {
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return async (helper, server) => {
    const result = await shell.run(sh`env -i ${words} ${`docker-credential-${helper}`} get 2>/dev/null`, {
      stdin: `${server}\n`,
      timeout: 20_000,
    });
    return result.status === 0 ? result.stdout : undefined;
  };
}

function normalPath(path: string): string {
  if (path.includes('\n') || path.includes('\0')) throw new UserError('`path` has a line break in it');
  if (!path.startsWith('/') && path !== '~' && !path.startsWith('~/')) {
    throw new UserError(`\`path\` must be absolute or begin with ~/: ${path}`);
  }
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/+$/, '') : normal;
}
