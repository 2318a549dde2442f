/** What is asked of a deploy: inputs over the environment's config over the config over the defaults, checked as one. */
import type { Redactor } from '../base/redactor.js';
import { loadConfig, type LoadedConfig } from '../config/load.js';
import { shownPath } from '../config/find-config.js';
import { notYetInConfig } from '../config/not-yet.js';
import { hostPathProblem } from '../config/rules.js';
import type { RegistryLogin } from '../host/registry-login.js';
import type { Hide } from '../operations/host-env.js';
import type { DeployRequest } from '../operations/request.js';
import { join } from 'node:path';
import { impossibleKey } from './empty-secret.js';
import { parseHost } from './host-address.js';
import type { DeployInputs } from './inputs.js';
import { Mask } from './masking.js';
import { notYetInInputs } from './not-yet.js';
import { Problems } from './problems.js';
import { parseRegistries, withJobToken } from './registry-logins.js';
import type { RunFacts } from './run-facts.js';
import { givenBesideTheHosts } from './host-env-alone.js';
import { envByNames, envOfFile, envOfText, looksSecret, type Variables } from './stack-env.js';

/**
 * Registers every secret with the runner and the redactor on the way, before anything can be printed.
 * @throws UserError with everything that is wrong at once
 */
export function deployRequest(inputs: DeployInputs, facts: RunFacts, redactor: Redactor): DeployRequest {
  const problems = new Problems();
  const mask = new Mask(redactor);
  const registries = registriesOf(inputs, facts, mask, problems);
  const given = givenVariables(inputs, problems);
  const loaded = problems.attempt(() => loadConfig({ ...inputs, workspace: facts.workspace }, inputs.environment));
  const open = saidOpenly(inputs, facts, loaded);
  mask.values(given.values(), open);
  problems.add(...notYetInInputs(inputs));
  if (loaded !== undefined) {
    problems.add(...notYetInConfig(loaded, inputs.backup));
    problems.add(...givenBesideTheHosts(loaded, inputs));
    const env = new Map([...fileVariables(loaded, facts, mask, open, problems), ...given]);
    const givenEmpty = [...given].filter(([, value]) => value === '').map(([name]) => name);
    const request = merged(inputs, loaded, facts, { registries, env, givenEmpty }, problems);
    problems.throwIfAny();
    return request;
  }
  problems.throwIfAny();
  throw new Error('a config that could not be loaded has left no problem');
}

/** Makes values that are only found on the host unreadable, as those that were given. */
export function hideOf(request: DeployRequest, redactor: Redactor): Hide {
  const { project, environment, version, path, commit, url } = request;
  const open = [project, environment, version, path, commit, ...addressForms(url)];
  return (values) => {
    new Mask(redactor).values(values, open);
  };
}

function addressForms(url: string | undefined): (string | undefined)[] {
  const parsed = url === undefined ? undefined : new URL(url);
  return [url, parsed?.origin, parsed?.host, parsed?.hostname];
}

/** What the workflow and the config name themselves is no secret: masked, it would take results and addresses away with it. */
function saidOpenly(inputs: DeployInputs, facts: RunFacts, loaded: LoadedConfig | undefined): (string | undefined)[] {
  const config = loaded?.config;
  return [
    ...[inputs.project, inputs.environment, inputs.version, inputs.path, facts.commit, loaded?.environment],
    ...[config?.project, config?.path, ...addressForms(config?.url)],
  ];
}

function registriesOf(inputs: DeployInputs, facts: RunFacts, mask: Mask, problems: Problems): readonly RegistryLogin[] {
  const { privateKey, passphrase } = inputs.connection;
  for (const secret of [privateKey, passphrase, inputs.githubToken]) mask.secret(secret);
  const logins = problems.attempt(() => parseRegistries(inputs.registries)) ?? [];
  for (const { password } of logins) mask.secret(password);
  return withJobToken(logins, inputs.githubToken, facts.actor);
}

function givenVariables(inputs: DeployInputs, problems: Problems): Variables {
  const named = problems.attempt(() => envByNames(inputs.envNames, process.env)) ?? new Map<string, string>();
  // Text that cannot be read may still hold secrets, each behind an equals sign.
  const text =
    problems.attempt(() => envOfText(inputs.env)) ??
    new Map(inputs.env.split('\n').map((line) => [line, line.replace(/^[^=]*=/, '')]));
  return new Map([...named, ...text]);
}

function fileVariables(
  { config, root }: LoadedConfig,
  facts: RunFacts,
  mask: Mask,
  open: readonly (string | undefined)[],
  problems: Problems,
): Variables {
  const { envFile } = config;
  if (envFile === undefined) return new Map();
  const file = problems.attempt(() => envOfFile(root, envFile, shownPath(facts.workspace, join(root, envFile))));
  if (file === undefined) return new Map();
  const entries = [...file.variables];
  const secret = file.committed ? entries.filter(looksSecret) : entries;
  mask.values(
    secret.map(([, value]) => value),
    open,
  );
  return file.variables;
}

interface Secrets {
  readonly registries: readonly RegistryLogin[];
  readonly env: Variables;
  readonly givenEmpty: readonly string[];
}

function merged(
  inputs: DeployInputs,
  { config, root, environment }: LoadedConfig,
  facts: RunFacts,
  secrets: Secrets,
  problems: Problems,
): DeployRequest {
  const project = projectOf(inputs.project ?? config.project, problems);
  const path = inputs.path ?? config.path ?? `~/homeport/${project}`;
  const pathProblem = hostPathProblem(path);
  if (pathProblem !== undefined) problems.add(`path ${pathProblem}`);
  const hosts = hostsOf(inputs.hosts.length > 0 ? inputs.hosts : config.hosts, problems);
  const keyProblem = impossibleKey({ hosts, privateKey: inputs.connection.privateKey, facts });
  if (keyProblem !== undefined) problems.add(keyProblem);
  return {
    operation: inputs.operation === 'plan' ? 'plan' : 'deploy',
    environment,
    project,
    path,
    root,
    shownRoot: shownPath(facts.workspace, root),
    composeFiles: inputs.composeFiles.length > 0 ? inputs.composeFiles : config.composeFiles,
    profiles: config.profiles,
    scale: { ...config.scale, ...inputs.scale },
    ship: config.ship,
    envFile: config.envFile,
    adopt: config.adopt,
    env: Object.fromEntries(secrets.env),
    givenEmpty: secrets.givenEmpty,
    envSource: config.envSource,
    drift: config.drift,
    hosts,
    connection: {
      ...inputs.connection,
      knownHosts: inputs.connection.knownHosts ?? config.knownHosts,
      jump: inputs.connection.jump ?? config.jump,
      extraOptions: inputs.connection.extraOptions ?? config.extraOptions,
    },
    sudo: inputs.sudo,
    registries: secrets.registries,
    version: versionOf(inputs.version ?? facts.commit, problems),
    commit: facts.commit,
    actor: facts.actor,
    runUrl: facts.runUrl,
    stale: inputs.stale,
    reason: inputs.reason,
    hooks: config.hooks,
    health: config.health,
    onFileChange: config.onFileChange,
    pull: config.pull,
    forceRecreate: inputs.forceRecreate,
    build: inputs.build === 'never' ? 'never' : 'auto',
    rollback: inputs.rollback,
    prune: inputs.prune,
    keepReleases: config.keepReleases,
    lockTimeout: inputs.lockTimeout,
    forceUnlock: inputs.forceUnlock,
    url: config.url,
  };
}

function projectOf(project: string | undefined, problems: Problems): string {
  if (project === undefined) {
    problems.add(
      'no project: set "project" in homeport.yml (looked for at .github/homeport.yml and homeport.yml), or as an input',
    );
    return '';
  }
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(project)) {
    problems.add(`project must be a Compose project name: lowercase letters, digits, "-" and "_", not "${project}"`);
  }
  return project;
}

function hostsOf(given: readonly string[], problems: Problems): DeployRequest['hosts'] {
  if (given.length === 0)
    problems.add('no host: set "host" in an environment of homeport.yml, or as an input (user@host, or local)');
  return given.flatMap((host) => problems.attempt(() => parseHost(host)) ?? []);
}

/** It becomes part of image names and of lines in a log. */
function versionOf(version: string, problems: Problems): string {
  if (!/^[\x21-\x7e]+$/.test(version)) problems.add('version must be one word of plain characters');
  return version;
}
