// A project as the generator thinks of it: plain data that changes are made to, and that is written out as a checkout at the end.

export type Service = Record<string, unknown>;
export type Definitions = Record<string, Record<string, unknown>>;

/** What a service is by nature: what it runs, and so what can be asked of it. */
export type Kind = 'web' | 'worker' | 'cache' | 'database' | 'proxy' | 'job' | 'built';

export interface Project {
  /** What Compose calls it. */
  readonly name: string;
  /** On the host. */
  readonly path: string;
  /** Of the compose files, below the checkout's root: `''` or `deploy/`. */
  readonly folder: string;
  layout: 'one' | 'override' | 'include' | 'extends';
  syntax: 'json' | 'yaml';
  readonly kinds: Record<string, Kind>;
  services: Record<string, Service>;
  networks: Definitions;
  volumes: Definitions;
  configs: Definitions;
  secrets: Definitions;
  /** Beside the compose files, path -> content. */
  files: Record<string, string>;
  /** Given to the stack, literally. */
  env: Record<string, string>;
  profiles: string[];
  scale: Record<string, number>;
  /** More of homeport.yml. */
  config: Record<string, unknown>;
  /** Repositories whose tag `live` moves -> the image of the rig that it means. */
  live: Record<string, string>;
}

/** Stands for the registry and a repository of the run's own, which only the run knows. */
export const LIVE = 'LIVE/';

/** What exists on the host without any project: an operator made it. */
export const EXTERNAL_NETWORK = 'operators';

/** A list or map that a service has, made when it is not there yet. */
export function listOf(service: Service, key: string): unknown[] {
  return (service[key] ??= []) as unknown[];
}

export function mapOf(service: Service, key: string): Record<string, unknown> {
  return (service[key] ??= {}) as Record<string, unknown>;
}

/** The services that run: without a profile, or with one that is on. */
export function active({ services, profiles }: Project): string[] {
  return Object.keys(services).filter((name) => {
    const of = services[name]?.['profiles'] as string[] | undefined;
    return of === undefined || of.some((profile) => profiles.includes(profile));
  });
}

/** Services for which a question is answered with yes. */
export function where(project: Project, ask: (service: Service, name: string) => boolean): string[] {
  return Object.entries(project.services).flatMap(([name, service]) => (ask(service, name) ? [name] : []));
}

export function serviceOf({ services }: Project, name: string): Service {
  const found = services[name];
  if (found === undefined) throw new Error(`there is no service ${name}`);
  return found;
}

export const isKind =
  (project: Project, ...kinds: readonly Kind[]) =>
  (_: unknown, name: string): boolean => {
    const kind = project.kinds[name];
    return kind !== undefined && kinds.includes(kind);
  };

/** Who waits for a service. */
export function dependents(project: Project, name: string): string[] {
  return where(project, (service) => Object.keys(service['depends_on'] ?? {}).includes(name));
}

/** Who lives in a service's network. */
export function lodgers(project: Project, name: string): string[] {
  return where(project, (service) => service['network_mode'] === `service:${name}`);
}

export function replicasOf({ services, scale }: Project, name: string): number {
  const deploy = services[name]?.['deploy'] as { replicas?: number } | undefined;
  return scale[name] ?? deploy?.replicas ?? 1;
}
