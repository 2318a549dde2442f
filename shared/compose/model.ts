/**
 * A Compose project as `docker compose config --format json` resolves it: only what we use of it. Whatever Compose leaves
 * out is filled in here, so that nobody else has to ask whether a list is there.
 */
export { isExternal, parseModel } from './parse-model.js';

export interface DependencyModel {
  readonly condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  readonly required: boolean;
  /** The dependent restarts when this one is updated by Compose itself. */
  readonly restart: boolean;
}

export interface BuildModel {
  /** Absolute, or a URL. */
  readonly context: string;
  readonly dockerfile: string | undefined;
  readonly dockerfileInline: string | undefined;
  readonly target: string | undefined;
  readonly args: Readonly<Record<string, string | null>>;
  readonly additionalContexts: Readonly<Record<string, string>>;
}

export interface PortModel {
  readonly target: number;
  /** A port or a range such as `8000-8010`; undefined for one that the engine chooses. */
  readonly published: string | undefined;
  readonly hostIp: string | undefined;
  readonly protocol: string;
}

export interface MountModel {
  readonly type: string;
  /** Absolute for a bind; the key under `volumes` for a volume; empty for an anonymous one. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

export interface FileMountModel {
  /** The key under `configs` or `secrets`. */
  readonly source: string;
  readonly target: string | undefined;
}

export interface ServiceModel {
  readonly name: string;
  /** As the file names it; `imageName` tells what a service without one is served as. */
  readonly image: string | undefined;
  readonly build: BuildModel | undefined;
  readonly containerName: string | undefined;
  /** In place of the image's own; undefined: that one's. */
  readonly command: readonly string[] | undefined;
  readonly entrypoint: readonly string[] | undefined;
  readonly dependsOn: Readonly<Record<string, DependencyModel>>;
  readonly environment: Readonly<Record<string, string | null>>;
  readonly healthcheck: { readonly disabled: boolean } | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly links: readonly string[];
  readonly networkMode: string | undefined;
  readonly ipc: string | undefined;
  readonly pid: string | undefined;
  readonly volumesFrom: readonly string[];
  /** Keys under the model's `networks`. */
  readonly networks: readonly string[];
  readonly ports: readonly PortModel[];
  readonly profiles: readonly string[];
  readonly pullPolicy: string | undefined;
  readonly restart: string | undefined;
  /** The condition of `deploy.restart_policy`, which goes before `restart`. */
  readonly restartCondition: string | undefined;
  readonly replicas: number;
  readonly stopGracePeriod: string | undefined;
  readonly volumes: readonly MountModel[];
  readonly configs: readonly FileMountModel[];
  readonly secrets: readonly FileMountModel[];
}

/** A network or volume of the project. */
export interface ResourceModel {
  /** On the host, with the project's prefix. */
  readonly name: string;
  readonly external: boolean;
  /** The whole definition as canonical JSON: two that are equal are the same definition. */
  readonly definition: string;
}

/** A config or secret. */
export interface FileModel {
  readonly name: string;
  readonly external: boolean;
  /** Absolute path on the host. */
  readonly file: string | undefined;
  /** Stands in the compose file itself, variables replaced. */
  readonly content: string | undefined;
  readonly environment: string | undefined;
}

export interface ComposeModel {
  readonly name: string;
  readonly services: Readonly<Record<string, ServiceModel>>;
  readonly networks: Readonly<Record<string, ResourceModel>>;
  readonly volumes: Readonly<Record<string, ResourceModel>>;
  readonly configs: Readonly<Record<string, FileModel>>;
  readonly secrets: Readonly<Record<string, FileModel>>;
}

/** What a service is served as: its own `image`, or the name that Compose gives to what it builds. */
export function imageName(model: ComposeModel, service: ServiceModel): string {
  return service.image ?? `${model.name}-${service.name}`;
}

/** The services whose images a build starts from, by `additional_contexts: {base: "service:base"}`; theirs in turn, too. */
export function builtFrom(model: ComposeModel, service: string): string[] {
  const found = new Set<string>();
  const follow = (name: string): void => {
    const contexts = Object.values(model.services[name]?.build?.additionalContexts ?? {});
    for (const base of contexts.flatMap((one) => (one.startsWith('service:') ? [one.slice('service:'.length)] : []))) {
      if (found.has(base)) continue;
      found.add(base);
      follow(base);
    }
  };
  follow(service);
  return [...found];
}

/**
 * Whether a service may end by itself and be fine. It is when another service waits for its end; otherwise one that is not
 * restarted, publishes nothing and has no health to keep: a web server that exits with 0 has still failed.
 */
export function isOneShot(model: ComposeModel, service: ServiceModel): boolean {
  const waits = waitsFor(model, service);
  if (waits.includes('service_completed_successfully')) return true;
  if (waits.includes('service_healthy')) return false;
  if (service.healthcheck !== undefined && !service.healthcheck.disabled) return false;
  return service.ports.length === 0 && !restartsAfterSuccess(service);
}

/** Whether another service waits for its end: nothing that somebody stopped by hand looks like that. */
export function isAwaited(model: ComposeModel, service: ServiceModel): boolean {
  return waitsFor(model, service).includes('service_completed_successfully');
}

function waitsFor(model: ComposeModel, service: ServiceModel): string[] {
  return Object.values(model.services).flatMap(({ dependsOn }) => dependsOn[service.name]?.condition ?? []);
}

/** Whether the engine starts its containers again after an exit with 0. */
function restartsAfterSuccess({ restart, restartCondition }: ServiceModel): boolean {
  if (restartCondition !== undefined) return restartCondition === 'any';
  return restart === 'always' || restart === 'unless-stopped';
}
