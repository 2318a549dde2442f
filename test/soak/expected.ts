// What must hold of a deploy, whatever the project: what happened is what the plan said, and what is there is what was given.
import type { Plan, ServicePlan } from '../../shared/release/plan.js';
import { differences } from './differences.js';
import type { ContainerFacts, Facts } from './facts.js';
import { active, type Project } from './project.js';
import { resolved } from './values.js';

/** All but which containers they are. */
export function lasting({ containers, ...facts }: Facts): object {
  return {
    ...facts,
    containers: Object.fromEntries(Object.entries(containers).map(([name, one]) => [name, one.lasting])),
  };
}

/** A volume that a failed deploy made stays, since no volume is ever removed unasked. */
export function withoutNewVolumes(before: Facts, after: Facts): Facts {
  const volumes = Object.entries(after.volumes).filter(([name]) => name in before.volumes);
  return { ...after, volumes: Object.fromEntries(volumes) };
}

/** Nothing at all is otherwise, finished work aside: every `up` does it again. */
export function untouched(facts: Facts): object {
  const containers = Object.entries(facts.containers).map(([name, { id, lasting: kept, status, startedAt }]) => [
    name,
    { id, kept, startedAt: status === 'running' ? startedAt : 'at rest' },
  ]);
  return { ...facts, containers: Object.fromEntries(containers) as object };
}

export const same = (what: string, before: object, after: object): string[] =>
  differences(before, after).map((line) => `${what}: ${line}`);

function of(facts: Facts, service: string): Record<string, ContainerFacts> {
  return Object.fromEntries(Object.entries(facts.containers).filter(([, one]) => one.service === service));
}

/** The containers of a service that a failed deploy had nothing to do with are the same ones. */
export function keptTheirs(before: Facts, after: Facts, services: readonly string[]): string[] {
  return services.flatMap((service) =>
    same(`${service} is not in the plan`, alive(before, service), alive(after, service)),
  );
}

function alive(facts: Facts, service: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(of(facts, service)).map(([name, { id, status, startedAt }]) => [
      name,
      status === 'running' ? `${id} ${startedAt}` : id,
    ]),
  );
}

/** What the plan said of each service, and of files, networks and volumes, against what became of them. */
export function asPlanned(plan: Plan, before: Facts, after: Facts, project: Project): string[] {
  return [
    ...plan.services.flatMap((service) => serviceAsPlanned(service, before, after)),
    ...unnamed(plan, before, after),
    ...namesAsPlanned('network', plan.networks, before.networks, after.networks, project),
    ...namesAsPlanned('volume', plan.volumes, before.volumes, after.volumes, project),
    ...filesAsPlanned(plan, before, after),
  ];
}

function serviceAsPlanned({ service, action, reasons }: ServicePlan, before: Facts, after: Facts): string[] {
  const was = of(before, service);
  const is = of(after, service);
  const ids = (facts: Record<string, ContainerFacts>): string[] => Object.values(facts).map(({ id }) => id);
  const stayed = ids(is).filter((id) => ids(was).includes(id)).length;
  const said = `the plan said ${action} ${service} (${reasons.join('; ')})`;
  switch (action) {
    case 'keep':
    case 'signal':
      return same(said, alive(before, service), alive(after, service));
    case 'recreate':
      return stayed > 0 || ids(is).length === 0 ? [`${said}, and ${String(stayed)} containers of it stayed`] : [];
    case 'create':
      return ids(is).length === 0 ? [`${said}, and there is none`] : [];
    case 'restart':
      return stayed !== ids(was).length || Object.keys(was).some((name) => was[name]?.startedAt === is[name]?.startedAt)
        ? [`${said}, and it was not`]
        : [];
    case 'start':
      return stayed !== ids(was).length ? [`${said}, and its containers are others`] : [];
    case 'scale':
      return stayed !== Math.min(ids(was).length, ids(is).length)
        ? [`${said}, and ${String(stayed)} of ${String(ids(was).length)} containers stayed`]
        : [];
    case 'remove':
      return Object.values(is).some(({ status }) => status === 'running') ? [`${said}, and it runs`] : [];
  }
}

function unnamed(plan: Plan, before: Facts, after: Facts): string[] {
  const named = new Set(plan.services.map(({ service }) => service));
  const all = new Set(
    [...Object.values(before.containers), ...Object.values(after.containers)].map((one) => one.service),
  );
  return [...all]
    .filter((service) => !named.has(service))
    .flatMap((service) => same(`the plan does not name ${service}`, alive(before, service), alive(after, service)));
}

/** A network or volume that left the file may stay on the host; what is new or other must be. */
function namesAsPlanned(
  kind: string,
  { added, changed }: Plan['networks'],
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  project: Project,
): string[] {
  const planned = [...added, ...changed].filter((name) => !isForeign(project, name));
  const happened = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return same(
    `${kind}s that are new or other`,
    { names: planned.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort() },
    { names: happened.sort() },
  );
}

const isForeign = ({ networks }: Project, name: string): boolean =>
  Object.values(networks).some((definition) => definition['external'] === true && definition['name'] === name);

function filesAsPlanned({ files }: Plan, before: Facts, after: Facts): string[] {
  const own = ([name]: readonly [string, unknown]): boolean =>
    name !== '.env' && !name.endsWith('/.env') && !name.startsWith('.homeport/');
  const list = (facts: Facts): Record<string, string> =>
    Object.fromEntries(
      Object.entries(facts.files)
        .map(([name, sum]) => [name.replace(/^\.\//, ''), sum] as const)
        .filter(own),
    );
  const [was, is] = [list(before), list(after)];
  const happened = {
    added: Object.keys(is).filter((name) => !(name in was)),
    changed: Object.keys(is).filter((name) => name in was && was[name] !== is[name]),
    removed: Object.keys(was).filter((name) => !(name in is)),
  };
  const sorted = ({ added, changed, removed }: Plan['files']): object => {
    const ordered = (names: readonly string[]): string[] => names.filter((name) => own([name, ''])).sort();
    return { added: ordered(added), changed: ordered(changed), removed: ordered(removed) };
  };
  return same('files, as planned and as they became', sorted(files), sorted(happened));
}

/** Each value arrived as it was given, each service runs, each mounted file is the checkout's. */
export function asGiven(project: Project, facts: Facts): string[] {
  return active(project).flatMap((name) => {
    const containers = Object.entries(of(facts, name));
    if (containers.length === 0) return project.scale[name] === 0 ? [] : [`${name} has no container`];
    const environment = (project.services[name]?.['environment'] ?? {}) as Record<string, string>;
    return containers.flatMap(([container, { env, status }]) => [
      ...Object.entries(environment).flatMap(([key, value]) => {
        const wanted = `${key}=${resolved(value, project.env)}`;
        return env.includes(wanted)
          ? []
          : [
              `${container}: ${JSON.stringify(wanted)} became ${JSON.stringify(env.find((one) => one.startsWith(`${key}=`)))}`,
            ];
      }),
      ...(JSON.stringify(project.services[name]?.['env_file'] ?? '').includes('.env"') &&
      !JSON.stringify(project.services[name]?.['env_file']).includes('conf/')
        ? Object.entries(project.env).flatMap(([key, value]) =>
            env.includes(`${key}=${value}`) ? [] : [`${container}: ${key} of .env is not ${JSON.stringify(value)}`],
          )
        : []),
      ...(project.kinds[name] !== 'job' && status !== 'running' ? [`${container} is ${status}`] : []),
    ]);
  });
}

/** Data that a service had is still where it was, in services that both projects have. */
export function dataStays(before: Facts, after: Facts): string[] {
  return Object.entries(before.seen).flatMap(([place, value]) => {
    if (!value.startsWith('mark ') || value === 'mark ' || !(place in after.seen)) return [];
    const now = after.seen[place];
    return now === value ? [] : [`${place}: the data of its volume is other data (${value} -> ${String(now)})`];
  });
}
