// What people change between two deploys. Each says which services it may touch, so that the others must be left alone.
import type { Dice } from './dice.js';
import {
  active,
  dependents,
  isKind,
  listOf,
  lodgers,
  mapOf,
  replicasOf,
  serviceOf,
  where,
  type Kind,
  type Project,
} from './project.js';
import { addService, mount, siteOf, waits, webCheck } from './services.js';
import {
  anonymousVolume,
  dependsOn,
  environmentLiteral,
  environmentOfStack,
  network,
  port,
  sharedVolume,
  type Trait,
} from './traits.js';
import { content, freePort, literally, nasty } from './values.js';

/** The services that it may touch; undefined where the project has nothing that it could change. */
export type Change = (project: Project, dice: Dice) => readonly string[] | undefined;

/** A trait that a service did not have. */
const gains =
  (trait: Trait, ...kinds: readonly Kind[]): Change =>
  (project, dice) => {
    const names = where(project, (service, name) => kinds.length === 0 || isKind(project, ...kinds)(service, name));
    if (names.length === 0) return undefined;
    const name = dice.pick(names);
    const before = JSON.stringify(project);
    trait(project, name, dice);
    return JSON.stringify(project) === before ? undefined : [name];
  };

const one = (project: Project, dice: Dice, ask: Parameters<typeof where>[1]): string | undefined => {
  const names = where(project, ask);
  return names.length === 0 ? undefined : dice.pick(names);
};

const imageVersion: Change = (project, dice) => {
  const name = one(project, dice, ({ image }) => typeof image === 'string' && image.startsWith('acme/web:v'));
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  const versions = [1, 2, 3, 4, 5].map((version) => `acme/web:v${String(version)}`);
  service['image'] = dice.pick(versions.filter((version) => version !== service['image']));
  return [name];
};

/** Repositories' tags that can come to mean another image. */
const MOVES: Readonly<Record<string, string>> = { 'web-v1': 'web-v2', busybox: 'web-v3', redis: 'redis again' };

const movedTag: Change = (project, dice) => {
  const repositories = Object.keys(project.live).filter((name) => (project.live[name] ?? '') in MOVES);
  if (repositories.length === 0) return undefined;
  const repository = dice.pick(repositories);
  project.live[repository] = MOVES[project.live[repository] ?? ''] ?? '';
  return where(project, ({ image }) => typeof image === 'string' && image.includes(repository));
};

const valueOfStack: Change = (project, dice) => {
  const variables = Object.keys(project.env);
  if (variables.length === 0) return undefined;
  const variable = dice.pick(variables);
  project.env[variable] = `${nasty(dice)}.`;
  return where(
    project,
    (service) =>
      JSON.stringify(service['environment'] ?? {}).includes(`\${${variable}}`) ||
      JSON.stringify(service['env_file'] ?? '').includes('.env"'),
  );
};

const literalValue: Change = (project, dice) => {
  const name = one(project, dice, (_, other) => !isKind(project, 'database')(_, other));
  if (name === undefined) return undefined;
  const environment = mapOf(serviceOf(project, name), 'environment');
  const key = dice.pick([...Object.keys(environment).filter((each) => !each.startsWith('FROM_')), 'LITERAL_0']);
  environment[key] = `${literally(nasty(dice))}.`;
  return [name];
};

const fileContent: Change = (project, dice) => {
  const paths = Object.keys(project.files).filter((path) => !path.endsWith('Dockerfile'));
  if (paths.length === 0) return undefined;
  const path = dice.pick(paths);
  if (path.endsWith('.env')) project.files[path] = `FROM_FILE=${String(dice.between(1000, 9999))}\n`;
  else project.files[path] = path.endsWith('default.conf') ? siteOf(dice) : content(dice);
  return readers(project, path);
};

/** Whose container, or image, has a file in it. */
function readers(project: Project, path: string): string[] {
  const [top = ''] = path.split('/');
  const definitions = { ...project.configs, ...project.secrets };
  const sources = Object.keys(definitions).filter((name) => definitions[name]?.['file'] === `./${path}`);
  return where(project, (service) => {
    const text = JSON.stringify(service);
    const mounts = JSON.stringify(service['volumes'] ?? []);
    return (
      mounts.includes(`./${path}`) ||
      mounts.includes(`"./${top}:`) ||
      mounts.includes(`"./${top}"`) ||
      JSON.stringify(service['build'] ?? '').includes(`./${top}`) ||
      JSON.stringify(service['env_file'] ?? '').includes(path) ||
      sources.some((source) => text.includes(`"${source}"`))
    );
  });
}

const fileAddedToFolder: Change = (project, dice) => {
  const folders = [...new Set(Object.keys(project.files).flatMap((path) => /^(folder-\d+)\//.exec(path)?.[1] ?? []))];
  if (folders.length === 0) return undefined;
  const path = `${dice.pick(folders)}/three.txt`;
  if (path in project.files) Reflect.deleteProperty(project.files, path);
  else project.files[path] = content(dice);
  return readers(project, path);
};

const networkOptions: Change = (project, dice) => {
  const names = Object.keys(project.networks).filter((name) => name !== 'outside');
  const name = dice.pick([...names, 'default']);
  const attached = where(project, ({ networks, network_mode: mode }) => {
    if (mode !== undefined) return false;
    if (networks === undefined) return name === 'default';
    return Array.isArray(networks) ? networks.includes(name) : name in (networks as object);
  });
  const definition = (project.networks[name] ??= {});
  if (definition['ipam'] !== undefined) {
    definition['ipam'] = { config: [{ subnet: `10.98.${String(dice.between(1, 200))}.0/24` }] };
  } else if (dice.chance(0.5)) {
    definition['driver_opts'] = { 'com.docker.network.driver.mtu': String(dice.between(1300, 1399)) };
  } else definition['labels'] = { 'com.example.order': String(dice.between(1, 99)) };
  return attached;
};

const leavesNetwork: Change = (project, dice) => {
  const name = one(project, dice, ({ networks }) => networks !== undefined);
  if (name === undefined) return undefined;
  Reflect.deleteProperty(serviceOf(project, name), 'networks');
  return [name];
};

const KINDS: readonly Kind[] = ['web', 'worker', 'cache', 'proxy', 'job', 'built'];

const serviceAdded: Change = (project, dice) => {
  const name = addService(project, dice.pick(KINDS), dice);
  if (dice.chance(0.4)) dependsOn(project, name, dice);
  if (dice.chance(0.3)) port(project, name, dice);
  return [name];
};

/** Who waits for it, or lives in it, is changed too. */
function forget(project: Project, name: string): string[] {
  const concerned = [...dependents(project, name), ...lodgers(project, name)];
  for (const other of concerned) {
    const service = serviceOf(project, other);
    Reflect.deleteProperty(service['depends_on'] ?? {}, name);
    if (Object.keys(service['depends_on'] ?? { none: true }).length === 0)
      Reflect.deleteProperty(service, 'depends_on');
    if (service['network_mode'] === `service:${name}`) Reflect.deleteProperty(service, 'network_mode');
  }
  for (const map of [project.services, project.kinds, project.scale, project.config['on-file-change'] ?? {}])
    Reflect.deleteProperty(map, name);
  return [name, ...concerned];
}

const serviceRemoved: Change = (project, dice) => {
  const names = Object.keys(project.services);
  if (names.length < 2) return undefined;
  return forget(project, dice.pick(names));
};

const serviceRenamed: Change = (project, dice) => {
  // A database under another name would be another service with the same volume, which is asked for, and slow.
  const name = one(project, dice, (_, other) => !isKind(project, 'database', 'built', 'job')(_, other));
  if (name === undefined) return undefined;
  const service = structuredClone(serviceOf(project, name));
  const kind = project.kinds[name] ?? 'web';
  const scaled = project.scale[name];
  const waiting = dependents(project, name);
  const conditions = waiting.map((other) => (serviceOf(project, other)['depends_on'] as Record<string, unknown>)[name]);
  const renamed = `${name}new`;
  // In its old place: who is listed later may wait for who is listed earlier.
  const order = Object.keys(project.services).map((each) => (each === name ? renamed : each));
  const touched = forget(project, name);
  project.services[renamed] = service;
  project.services = Object.fromEntries(order.map((each) => [each, serviceOf(project, each)]));
  project.kinds[renamed] = kind;
  if (scaled !== undefined) project.scale[renamed] = scaled;
  waiting.forEach((other, at) => (mapOf(serviceOf(project, other), 'depends_on')[renamed] = conditions[at]));
  return [renamed, ...touched];
};

const portMoved: Change = (project, dice) => {
  const name = one(project, dice, ({ ports }) => ports !== undefined);
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  const inside = isKind(project, 'proxy')(service, name) ? '80' : '8080';
  const [first = ''] = service['ports'] as string[];
  const others = where(
    project,
    (other, its) =>
      its !== name &&
      other['network_mode'] === undefined &&
      other['profiles'] === undefined &&
      replicasOf(project, its) === 1 &&
      project.kinds[its] !== 'job',
  );
  if (others.length > 0 && dice.chance(0.6)) {
    const to = dice.pick(others);
    Reflect.deleteProperty(service, 'ports');
    listOf(serviceOf(project, to), 'ports').push(
      first.replace(/:\d+$/, isKind(project, 'proxy')(service, to) ? ':80' : ':8080'),
    );
    return [name, to];
  }
  service['ports'] = [`127.0.0.1:${freePort(dice, [first])}:${inside}`];
  return [name];
};

const containerNameMoved: Change = (project, dice) => {
  const name = one(project, dice, ({ container_name: given }) => given !== undefined);
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  const others = where(
    project,
    (other, its) => its !== name && replicasOf(project, its) === 1 && other['container_name'] === undefined,
  );
  const given = service['container_name'];
  Reflect.deleteProperty(service, 'container_name');
  if (others.length === 0 || dice.chance(0.3)) return [name];
  const to = dice.pick(others);
  serviceOf(project, to)['container_name'] = given;
  return [name, to];
};

const profileSwitched: Change = (project, dice) => {
  const profiles = [
    ...new Set(Object.values(project.services).flatMap(({ profiles: own }) => (own ?? []) as string[])),
  ];
  if (profiles.length === 0) return undefined;
  const profile = dice.pick(profiles);
  project.profiles = project.profiles.includes(profile)
    ? project.profiles.filter((one_) => one_ !== profile)
    : [...project.profiles, profile];
  // What reads `.env` sees COMPOSE_PROFILES.
  return where(
    project,
    ({ profiles: own, env_file: file }) =>
      ((own ?? []) as string[]).includes(profile) || JSON.stringify(file ?? '').includes('.env"'),
  );
};

const command: Change = (project, dice) => {
  const name = one(project, dice, (_, other) => isKind(project, 'worker')(_, other));
  if (name === undefined) return undefined;
  serviceOf(project, name)['command'] = waits(`again ${String(dice.between(1, 99))}`);
  return [name];
};

const job: Change = (project, dice) => {
  const name = one(project, dice, (_, other) => isKind(project, 'job')(_, other));
  if (name === undefined) return undefined;
  serviceOf(project, name)['command'] = ['sh', '-c', `echo other work ${String(dice.between(1, 99))}`];
  return [name];
};

const scale: Change = (project, dice) => {
  const name = one(
    project,
    dice,
    (service, other) =>
      isKind(project, 'web', 'worker')(service, other) &&
      !['ports', 'container_name', 'network_mode'].some((key) => key in service) &&
      lodgers(project, other).length === 0,
  );
  if (name === undefined) return undefined;
  const now = replicasOf(project, name);
  project.scale[name] = dice.pick([1, 2, 3].filter((number) => number !== now));
  return [name];
};

const labelChanged: Change = (project, dice) => {
  const name = dice.pick(Object.keys(project.services));
  mapOf(serviceOf(project, name), 'labels')['com.example.changed'] = literally(nasty(dice));
  return [name];
};

const restartPolicy: Change = (project, dice) => {
  const name = one(project, dice, (_, other) => !isKind(project, 'job')(_, other));
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  service['restart'] = dice.pick(
    ['always', 'unless-stopped', 'on-failure', 'no'].filter((each) => each !== service['restart']),
  );
  return [name];
};

const healthcheck: Change = (project, dice) => {
  const name = one(project, dice, (_, other) => isKind(project, 'web', 'built')(_, other));
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  const waited = dependents(project, name);
  if (service['healthcheck'] !== undefined && waited.length === 0) Reflect.deleteProperty(service, 'healthcheck');
  else service['healthcheck'] = { ...webCheck(), retries: dice.between(3, 9) };
  return [name];
};

const waitsForNobody: Change = (project, dice) => {
  const name = one(project, dice, ({ depends_on: on }) => on !== undefined);
  if (name === undefined) return undefined;
  Reflect.deleteProperty(serviceOf(project, name), 'depends_on');
  return [name];
};

const mountGone: Change = (project, dice) => {
  const isMount = (mounted: unknown): boolean => JSON.stringify(mounted).includes('mounted-');
  const name = one(project, dice, ({ volumes }) => ((volumes ?? []) as unknown[]).some(isMount));
  if (name === undefined) return undefined;
  const service = serviceOf(project, name);
  const volumes = listOf(service, 'volumes');
  const gone = volumes.find(isMount);
  service['volumes'] = volumes.filter((mounted) => mounted !== gone);
  return [name];
};

const layout: Change = (project, dice) => {
  project.layout = dice.pick(
    (['one', 'override', 'include', 'extends'] as const).filter((each) => each !== project.layout),
  );
  // COMPOSE_FILE may be in `.env` then; Compose itself keeps the containers of all others.
  return where(project, ({ env_file: file }) => JSON.stringify(file ?? '').includes('.env"'));
};

const syntax: Change = (project) => {
  project.syntax = project.syntax === 'json' ? 'yaml' : 'json';
  return [];
};

export const CHANGES: Readonly<Record<string, Change>> = {
  'image version': imageVersion,
  'moved tag': movedTag,
  'value of the stack': valueOfStack,
  'literal value': literalValue,
  'one more literal value': gains(environmentLiteral),
  'one more value of the stack': gains(environmentOfStack, 'web', 'worker', 'cache', 'proxy', 'job', 'built'),
  'file content': fileContent,
  'file content once more': fileContent,
  'file in a folder': fileAddedToFolder,
  'network options': networkOptions,
  'joins a network': gains(network),
  'leaves its networks': leavesNetwork,
  'service added': serviceAdded,
  'service removed': serviceRemoved,
  'service renamed': serviceRenamed,
  'port added': gains(port, 'web', 'proxy', 'built'),
  'port moved': portMoved,
  'container name moved': containerNameMoved,
  'profile switched': profileSwitched,
  'volume added': gains(sharedVolume),
  'anonymous volume added': gains(anonymousVolume, 'web', 'worker', 'proxy'),
  'mount added': gains(mount),
  'mount gone': mountGone,
  command,
  'one-shot': job,
  scale,
  label: labelChanged,
  'restart policy': restartPolicy,
  healthcheck,
  'waits for one more': gains(dependsOn),
  'waits for nobody': waitsForNobody,
  layout,
  syntax,
};

/** Whoever lives in a touched service's container gets a new one with it. */
export function withLodgers(projects: readonly Project[], touched: ReadonlySet<string>): Set<string> {
  const all = new Set(touched);
  for (const project of projects) {
    for (const name of touched) for (const lodger of lodgers(project, name)) all.add(lodger);
  }
  return all;
}

export const isActive = (project: Project, name: string): boolean => active(project).includes(name);
