// What a service may have beside its nature. Each trait leaves a project that Compose accepts and a host can run.
import type { Dice } from './dice.js';
import {
  dependents,
  EXTERNAL_NETWORK,
  isKind,
  listOf,
  lodgers,
  mapOf,
  serviceOf,
  where,
  type Project,
} from './project.js';
import { mount } from './services.js';
import { content, freePort, literally, nasty } from './values.js';

export type Trait = (project: Project, name: string, dice: Dice) => void;

export const environmentLiteral: Trait = (project, name, dice) => {
  mapOf(serviceOf(project, name), 'environment')[`LITERAL_${String(dice.between(1, 9))}`] = literally(nasty(dice));
};

export const environmentOfStack: Trait = (project, name, dice) => {
  const variable = `V_${dice.pick(['A', 'B', 'C', 'D'])}`;
  project.env[variable] ??= nasty(dice);
  mapOf(serviceOf(project, name), 'environment')[`FROM_${variable}`] = `\${${variable}}`;
};

const envFile: Trait = (project, name, dice) => {
  const path = `conf/${name}.env`;
  project.files[path] = `FROM_FILE=${String(dice.between(1, 999))}\n`;
  serviceOf(project, name)['env_file'] = dice.chance(0.5) ? path : [path];
};

const dotEnv: Trait = (project, name) => {
  // `.env` is in the compose file's own folder only where that is the root.
  if (project.folder === '') serviceOf(project, name)['env_file'] = ['.env'];
};

const labels: Trait = (project, name, dice) => {
  mapOf(serviceOf(project, name), 'labels')[`com.example.${dice.pick(['team', 'rule'])}`] = literally(nasty(dice));
};

const containerName: Trait = (project, name) => {
  const service = serviceOf(project, name);
  if (project.scale[name] === undefined && service['deploy'] === undefined) {
    service['container_name'] = `${project.name}_${name}_main`;
  }
};

export const port: Trait = (project, name, dice) => {
  const service = serviceOf(project, name);
  if (project.scale[name] !== undefined || service['deploy'] !== undefined || lodges(service)) return;
  // What publishes a port is no work that ends.
  if (project.kinds[name] === 'job') return;
  const taken = Object.values(project.services).flatMap((one) => (one['ports'] ?? []) as string[]);
  listOf(service, 'ports').push(
    `127.0.0.1:${freePort(dice, taken)}:${isKind(project, 'proxy')(service, name) ? '80' : '8080'}`,
  );
};

const lodges = (service: Readonly<Record<string, unknown>>): boolean => service['network_mode'] !== undefined;

const NETWORKS: Readonly<Record<string, (dice: Dice) => Record<string, unknown>>> = {
  back: () => ({ internal: true }),
  front: () => ({ driver_opts: { 'com.docker.network.driver.mtu': '1400' } }),
  lan: (dice) => ({ ipam: { config: [{ subnet: `10.97.${String(dice.between(1, 200))}.0/24` }] } }),
  plain: () => ({}),
  outside: () => ({ external: true, name: EXTERNAL_NETWORK }),
};

export const network: Trait = (project, name, dice) => {
  const service = serviceOf(project, name);
  if (lodges(service)) return;
  const wanted = dice.pick(Object.keys(NETWORKS));
  project.networks[wanted] ??= NETWORKS[wanted]?.(dice) ?? {};
  const current = service['networks'];
  if (current === undefined || Array.isArray(current)) {
    const list = (current ?? (dice.chance(0.6) ? ['default'] : [])) as string[];
    service['networks'] = [...new Set([...list, wanted])];
    if (dice.chance(0.3)) {
      service['networks'] = Object.fromEntries(
        (service['networks'] as string[]).map((one) => [
          one,
          one === wanted ? { aliases: [`${name}-on-${one}`] } : null,
        ]),
      );
    }
  } else (current as Record<string, unknown>)[wanted] = null;
};

export const anonymousVolume: Trait = (project, name, dice) => {
  listOf(serviceOf(project, name), 'volumes').push(`/stored-${String(dice.between(1, 99))}`);
};

export const sharedVolume: Trait = (project, name, dice) => {
  const volume = dice.pick(['media', 'static']);
  project.volumes[volume] ??= dice.chance(0.3) ? { labels: { 'com.example.kept': 'yes' } } : {};
  const volumes = listOf(serviceOf(project, name), 'volumes');
  if (!volumes.includes(`${volume}:/srv/${volume}`)) volumes.push(`${volume}:/srv/${volume}`);
};

const config: Trait = (project, name, dice) => {
  const config = `conf-${name}`;
  project.files[`conf/${name}.conf`] = content(dice);
  project.configs[config] = { file: `./conf/${name}.conf` };
  listOf(serviceOf(project, name), 'configs').push({ source: config, target: `/etc/${config}` });
};

const secret: Trait = (project, name, dice) => {
  const secret = `secret-${name}`;
  project.files[`secrets/${name}.txt`] = content(dice);
  project.secrets[secret] = { file: `./secrets/${name}.txt` };
  listOf(serviceOf(project, name), 'secrets').push(secret);
};

const replicas: Trait = (project, name, dice) => {
  const service = serviceOf(project, name);
  if (!isKind(project, 'worker', 'web')(service, name) || service['ports'] !== undefined) return;
  if (service['container_name'] !== undefined || lodges(service)) return;
  if (dice.chance(0.5)) project.scale[name] = 2;
  else service['deploy'] = { replicas: 2 };
};

const profile: Trait = (project, name, dice) => {
  const needed = [...dependents(project, name), ...lodgers(project, name)].length > 0;
  if (!needed && name !== Object.keys(project.services)[0])
    serviceOf(project, name)['profiles'] = [dice.pick(['tools', 'full'])];
};

export const dependsOn: Trait = (project, name, dice) => {
  const names = Object.keys(project.services);
  // Only earlier ones, so that nobody waits in a circle.
  const others = names
    .slice(0, names.indexOf(name))
    .filter((other) => project.services[other]?.['profiles'] === undefined);
  if (others.length === 0) return;
  const other = dice.pick(others);
  mapOf(serviceOf(project, name), 'depends_on')[other] = { condition: conditionFor(project, other, dice) };
};

function conditionFor(project: Project, name: string, dice: Dice): string {
  if (project.kinds[name] === 'job') return 'service_completed_successfully';
  const checked = serviceOf(project, name)['healthcheck'] !== undefined;
  return checked && dice.chance(0.6) ? 'service_healthy' : 'service_started';
}

const lodge: Trait = (project, name, dice) => {
  const service = serviceOf(project, name);
  const names = Object.keys(project.services);
  const hosts = where(
    project,
    (one, host) =>
      names.indexOf(host) < names.indexOf(name) &&
      !lodges(one) &&
      one['profiles'] === undefined &&
      one['deploy'] === undefined &&
      project.scale[host] === undefined &&
      project.kinds[host] !== 'job',
  );
  if (
    hosts.length === 0 ||
    ['networks', 'ports', 'deploy'].some((key) => key in service) ||
    !isKind(project, 'worker')(service, name)
  )
    return;
  if (project.scale[name] === undefined) service['network_mode'] = `service:${dice.pick(hosts)}`;
};

const small: Trait = (project, name, dice) => {
  const [key, value] = dice.pick<readonly [string, unknown]>([
    ['hostname', `${name}-host`],
    ['init', true],
    ['stop_grace_period', '3s'],
    ['tmpfs', ['/scratch']],
    ['extra_hosts', ['elsewhere:127.0.0.2']],
    ['working_dir', '/tmp'],
    ['logging', { driver: 'json-file', options: { 'max-size': '1m' } }],
    ['shm_size', '32m'],
  ]);
  const service = serviceOf(project, name);
  if (key === 'hostname' && lodges(service)) return;
  if (key === 'extra_hosts' && lodges(service)) return;
  // The images of these start by what is in their own folder.
  if (key === 'working_dir' && project.kinds[name] !== 'worker') return;
  service[key] ??= value;
};

const onFileChange: Trait = (project, name, dice) => {
  mapOf(project.config, 'on-file-change')[name] = dice.pick(['recreate', 'restart']);
};

export const TRAITS: readonly Trait[] = [
  environmentLiteral,
  environmentOfStack,
  environmentOfStack,
  envFile,
  dotEnv,
  labels,
  containerName,
  port,
  network,
  network,
  anonymousVolume,
  sharedVolume,
  config,
  secret,
  replicas,
  profile,
  dependsOn,
  dependsOn,
  lodge,
  small,
  onFileChange,
  mount,
  mount,
];
