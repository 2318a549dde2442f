/** Reads what `compose config --format json` printed. */
import type {
  BuildModel,
  ComposeModel,
  DependencyModel,
  FileModel,
  FileMountModel,
  MountModel,
  PortModel,
  ResourceModel,
  ServiceModel,
} from './model.js';

type Json = Readonly<Record<string, unknown>>;

/**
 * The model of what Compose printed. Compose writes each `$` as `$$`, so that its output can be read as a file again; the
 * model has the values themselves.
 * @throws Error for text that is no JSON object.
 */
export function parseModel(text: string): ComposeModel {
  const root = object(undouble(JSON.parse(text)));
  return {
    name: string(root['name']) ?? '',
    services: mapObject(root['services'], readService),
    networks: mapObject(root['networks'], readResource),
    volumes: mapObject(root['volumes'], readResource),
    configs: mapObject(root['configs'], readFile),
    secrets: mapObject(root['secrets'], readFile),
  };
}

function readService(name: string, service: Json): ServiceModel {
  const deploy = object(service['deploy']);
  const replicas = service['scale'] ?? deploy['replicas'];
  return {
    name,
    image: string(service['image']),
    build:
      service['build'] === undefined || service['build'] === null ? undefined : readBuild(object(service['build'])),
    containerName: string(service['container_name']),
    command: words(service['command']),
    entrypoint: words(service['entrypoint']),
    dependsOn: mapObject(service['depends_on'], readDependency),
    environment: nullableStrings(service['environment']),
    healthcheck: readHealthcheck(service['healthcheck']),
    labels: strings(service['labels']),
    links: list(service['links']),
    networkMode: string(service['network_mode']),
    ipc: string(service['ipc']),
    pid: string(service['pid']),
    volumesFrom: list(service['volumes_from']),
    networks: Object.keys(object(service['networks'])),
    ports: objects(service['ports']).map(readPort),
    profiles: list(service['profiles']),
    pullPolicy: string(service['pull_policy']),
    restart: string(service['restart']),
    restartCondition: string(object(deploy['restart_policy'])['condition']),
    replicas: typeof replicas === 'number' ? replicas : 1,
    stopGracePeriod: string(service['stop_grace_period']),
    volumes: objects(service['volumes']).map(readMount),
    configs: objects(service['configs']).map(readFileMount),
    secrets: objects(service['secrets']).map(readFileMount),
  };
}

function readBuild(build: Json): BuildModel {
  return {
    context: string(build['context']) ?? '',
    dockerfile: string(build['dockerfile']),
    dockerfileInline: string(build['dockerfile_inline']),
    target: string(build['target']),
    args: nullableStrings(build['args']),
    additionalContexts: strings(build['additional_contexts']),
  };
}

function readDependency(_name: string, dependency: Json): DependencyModel {
  return {
    condition: (string(dependency['condition']) ?? 'service_started') as DependencyModel['condition'],
    required: dependency['required'] !== false,
    restart: dependency['restart'] === true,
  };
}

function readHealthcheck(value: unknown): { readonly disabled: boolean } | undefined {
  if (value === undefined || value === null) return undefined;
  const healthcheck = object(value);
  return { disabled: healthcheck['disable'] === true || list(healthcheck['test'])[0] === 'NONE' };
}

function readPort(port: Json): PortModel {
  return {
    target: Number(port['target']),
    published: string(port['published']),
    hostIp: string(port['host_ip']),
    protocol: string(port['protocol']) ?? 'tcp',
  };
}

function readMount(mount: Json): MountModel {
  return {
    type: string(mount['type']) ?? 'volume',
    source: string(mount['source']) ?? '',
    target: string(mount['target']) ?? '',
    readOnly: mount['read_only'] === true,
  };
}

function readFileMount(mount: Json): FileMountModel {
  return { source: string(mount['source']) ?? '', target: string(mount['target']) };
}

function readResource(key: string, resource: Json): ResourceModel {
  return { name: string(resource['name']) ?? key, external: isExternal(resource), definition: canonical(resource) };
}

function readFile(key: string, file: Json): FileModel {
  return {
    name: string(file['name']) ?? key,
    external: isExternal(file),
    file: string(file['file']),
    content: typeof file['content'] === 'string' ? file['content'] : undefined,
    environment: string(file['environment']),
  };
}

/** `external: true`, or the older `external: {name: …}`. */
export function isExternal({ external }: Json): boolean {
  return external === true || (typeof external === 'object' && external !== null);
}

function undouble(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$$', '$');
  if (Array.isArray(value)) return value.map(undouble);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key.replaceAll('$$', '$'), undouble(one)]));
}

/** JSON with the keys of every object sorted. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

function object(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return value as Json;
}

function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}

function mapObject<T>(value: unknown, read: (name: string, value: Json) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object(value)).map(([name, one]) => [name, read(name, object(one))]));
}

/** A number is what some versions print where others print a string. */
function string(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function list(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** A line that Compose did not take apart is one word. */
function words(value: unknown): string[] | undefined {
  return typeof value === 'string' ? [value] : Array.isArray(value) ? list(value) : undefined;
}

function nullableStrings(value: unknown): Record<string, string | null> {
  return Object.fromEntries(Object.entries(object(value)).map(([key, one]) => [key, one === null ? null : text(one)]));
}

function strings(value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(object(value)).map(([key, one]) => [key, text(one)]));
}

/** Compose prints scalars of any kind in these places. */
function text(value: unknown): string {
  return typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
}
