/** Which files and folders the services of a project name, several files and `extends` merged as Compose merges them. */
import { dirname, resolve } from 'node:path';
import type { Problem } from '../base/errors.js';
import { servicePlaces } from './places.js';
import type { ProjectFile, ProjectFiles } from './project-files.js';
import { isOfHost, isRemote, pairsOf, textsOf } from './yaml-forms.js';
import type { Place, YamlValue } from './yaml-value.js';

export interface FileReference {
  /** As messages name it: `bind`, `env_file`, … */
  readonly what: string;
  /** As it is written, interpolated. */
  readonly written: string;
  /** Absolute, on the runner. */
  readonly file: string;
  readonly place: Place;
  /** Compose refuses the project, or the engine the container, when it is not there. */
  readonly required: boolean;
  /** An env file with `format: raw`. */
  readonly raw?: boolean;
  /** Of a service's bind: where it is in the container. */
  readonly target?: string;
}

export interface BuildFiles {
  readonly context: FileReference | undefined;
  /** Relative to the context. */
  readonly dockerfile: string | undefined;
  readonly inline: boolean;
  readonly additional: ReadonlyMap<string, FileReference>;
}

export interface ServiceFiles {
  readonly profiles: Set<string>;
  /** By the key that names them, since a later file may reset it. */
  readonly references: Map<string, readonly FileReference[]>;
  readonly places: Map<string, Place>;
  build: BuildFiles | undefined;
}

export interface FoundFiles {
  readonly services: ReadonlyMap<string, ServiceFiles>;
  /** Configs, secrets and volumes that name a file or folder. */
  readonly resources: readonly FileReference[];
}

type Reader = (value: YamlValue, base: string) => FileReference[];

/** The keys of a service that name files. */
const READERS: Readonly<Record<string, Reader>> = {
  volumes: (value, base) => value.items.flatMap((item) => readMount(item, base)),
  env_file: (value, base) =>
    (value.isMap || value.items.length === 0 ? [value] : value.items).flatMap((item) => readEnvFile(item, base)),
  label_file: (value, base) => textsOf(value).flatMap(({ text, place }) => reference('label_file', text, base, place)),
  security_opt: (value, base) => value.items.flatMap((item) => readSecurityOption(item, base)),
};

export function findFiles(files: readonly ProjectFile[], project: ProjectFiles): FoundFiles {
  const services = new Map<string, ServiceFiles>();
  const resources = new Map<string, FileReference[]>();
  for (const file of files) {
    for (const root of file.yaml.roots) {
      for (const [name, service] of root.get('services')?.entries ?? []) {
        const found = services.get(name) ?? {
          profiles: new Set(),
          references: new Map(),
          places: new Map(),
          build: undefined,
        };
        services.set(name, found);
        new ServiceReader(name, found, project).read(name, service, file);
      }
      for (const kind of ['configs', 'secrets', 'volumes']) {
        for (const [name, resource] of root.get(kind)?.entries ?? []) {
          resources.set(`${kind} ${name}`, readResource(kind, resource, file.base));
        }
      }
    }
  }
  return { services, resources: [...resources.values()].flat() };
}

class ServiceReader {
  constructor(
    private readonly top: string,
    private readonly found: ServiceFiles,
    private readonly project: ProjectFiles,
  ) {}

  read(name: string, service: YamlValue, file: ProjectFile, way: readonly string[] = []): void {
    const here = `${file.file}#${name}`;
    const extended = service.get('extends');
    if (extended !== undefined) {
      if (way.includes(here)) this.#problem(`what ${name} extends forms a circle`, extended.place);
      else this.#extend(extended, file, [...way, here]);
    }
    for (const [key, place] of servicePlaces(this.top, service)) this.found.places.set(key, place);
    for (const { text } of textsOf(service.get('profiles'))) this.found.profiles.add(text);
    for (const [key, read] of Object.entries(READERS)) {
      const value = service.get(key);
      if (value === undefined) continue;
      const before = value.tag === undefined ? (this.found.references.get(key) ?? []) : [];
      this.found.references.set(key, value.tag === '!reset' ? [] : [...before, ...read(value, file.base)]);
    }
    const build = service.get('build');
    if (build !== undefined)
      this.found.build = build.tag === '!reset' ? undefined : mergeBuild(this.found.build, build, file.base);
  }

  #extend(extended: YamlValue, file: ProjectFile, way: readonly string[]): void {
    const name = extended.get('service')?.text ?? extended.text;
    const path = extended.get('file')?.text;
    if (name === undefined || (path !== undefined && isRemote(path))) return;
    const target = path === undefined ? file.file : resolve(file.base, path);
    const from =
      path === undefined ? file : this.project.load(target, dirname(target), file.yaml.lookup, extended.place);
    if (from === undefined) return;
    const services = from.yaml.roots.flatMap((root) => root.get('services')?.get(name) ?? []);
    if (services.length === 0) this.#problem(`there is no service ${name} in ${from.yaml.shown}`, extended.place);
    for (const service of services) this.read(name, service, from, way);
  }

  #problem(message: string, place: Place): void {
    const problem: Problem = { message, ...place };
    this.project.problems.push(problem);
  }
}

/** A bind, in short or long syntax; named volumes are none. */
function readMount(item: YamlValue, base: string): FileReference[] {
  const { text } = item;
  if (text !== undefined) {
    const [source = '', target] = text.split(':', 2);
    return target !== undefined && /^[./~]/.test(source)
      ? reference('bind', source, base, item.place).map((one) => ({ ...one, target }))
      : [];
  }
  const source = item.get('source');
  if (item.get('type')?.text !== 'bind' || source?.text === undefined) return [];
  const target = item.get('target')?.text ?? '';
  return reference('bind', source.text, base, source.place).map((one) => ({ ...one, target }));
}

function readEnvFile(item: YamlValue, base: string): FileReference[] {
  const path = item.isMap ? item.get('path') : item;
  if (path?.text === undefined) return [];
  const required = item.get('required')?.text !== 'false';
  const raw = item.get('format')?.text === 'raw';
  return reference('env_file', path.text, base, path.place).map((one) => ({ ...one, required, raw }));
}

/** Compose reads the profile of a `seccomp:` itself and hands the engine its content. */
function readSecurityOption(item: YamlValue, base: string): FileReference[] {
  const path = /^seccomp[:=](?!unconfined$|builtin$)(.+)$/.exec(item.text ?? '')?.[1];
  return path === undefined ? [] : reference('security profile', path, base, item.place);
}

function readResource(kind: string, resource: YamlValue, base: string): FileReference[] {
  const options = resource.get('driver_opts');
  const path = kind === 'volumes' ? options?.get('device') : resource.get('file');
  if (path?.text === undefined || (kind === 'volumes' && options?.get('o')?.text !== 'bind')) return [];
  return reference(kind === 'volumes' ? 'bind' : kind.slice(0, -1), path.text, base, path.place);
}

function mergeBuild(before: BuildFiles | undefined, build: YamlValue, base: string): BuildFiles {
  const merged = build.tag === '!override' ? undefined : before;
  const context = build.get('context') ?? (build.text === undefined ? undefined : build);
  const additional = [...pairsOf(build.get('additional_contexts'))].flatMap(([name, { text, place }]) =>
    reference('additional context', text, base, place).map((one): [string, FileReference] => [name, one]),
  );
  // Without a word about it, the context is the folder itself.
  const own =
    context?.text === undefined
      ? undefined
      : (reference('build context', context.text, base, context.place)[0] ?? 'remote');
  const inherited =
    own ??
    merged?.context ??
    (merged === undefined ? reference('build context', '.', base, build.place)[0] : undefined);
  return {
    context: inherited === 'remote' ? undefined : inherited,
    dockerfile: build.get('dockerfile')?.text ?? merged?.dockerfile,
    inline: build.get('dockerfile_inline') !== undefined || merged?.inline === true,
    additional: new Map([...(merged?.additional ?? []), ...additional]),
  };
}

/** None for what is no path of the checkout. */
function reference(what: string, written: string, base: string, place: Place): FileReference[] {
  if (written === '' || isOfHost(written) || isRemote(written)) return [];
  return [{ what, written, file: resolve(base, written), place, required: true }];
}
