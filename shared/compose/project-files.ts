/**
 * The files that a Compose project is written in: those named, those they `include`, and those that services `extend`, each
 * with the folder that its relative paths start from.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { messageOf, UserError, type Problem } from '../base/errors.js';
import { parseDotenv } from './dotenv.js';
import { YamlFile, type AskedVariable, type Place, type YamlValue } from './yaml-value.js';
import { isRemote, textsOf } from './yaml-forms.js';
import type { NamedRoot } from './inside.js';
import type { Lookup } from './interpolate.js';

/** One file of the project. */
export interface ProjectFile {
  /** Absolute. */
  readonly file: string;
  /** Absolute folder that relative paths in it start from. */
  readonly base: string;
  readonly yaml: YamlFile;
}

/** A file that is needed only to read the project. */
export interface NamedFile {
  readonly file: string;
  readonly place: Place | undefined;
}

/** Loads files, each once for each environment, and keeps what is wrong with them. */
export class ProjectFiles {
  readonly problems: Problem[] = [];
  /** The compose files, included and extended ones, and the env files of includes; absolute. */
  readonly needed: NamedFile[] = [];
  readonly variables = new Set<string>();
  readonly unset: AskedVariable[] = [];
  readonly empty: AskedVariable[] = [];
  hasRemoteIncludes = false;
  readonly #loaded = new Map<string, YamlFile | undefined>();

  /** @param root for names in messages */
  constructor(private readonly root: NamedRoot) {}

  /** The named files and everything they include, in Compose's order; all share the base of the first one. */
  loadAll(
    files: readonly string[],
    base: string,
    lookup: Lookup,
    place?: Place,
    way: readonly string[] = [],
  ): ProjectFile[] {
    return files.flatMap((name) => {
      const file = resolve(base, name);
      if (way.includes(file)) {
        this.problems.push({ message: `the includes of ${this.shown(file)} form a circle`, ...place });
        return [];
      }
      const loaded = this.load(file, base, lookup, place);
      if (loaded === undefined) return [];
      const included = loaded.yaml.roots.flatMap((root) => this.#included(root, base, lookup, [...way, file]));
      return [...included, loaded];
    });
  }

  /** One file; undefined, with a problem noted, when it cannot be read. */
  load(file: string, base: string, lookup: Lookup, place?: Place): ProjectFile | undefined {
    const key = `${file}\0${base}`;
    if (!this.#loaded.has(key)) this.#loaded.set(key, this.#read(file, lookup, place));
    const yaml = this.#loaded.get(key);
    return yaml === undefined ? undefined : { file, base, yaml };
  }

  shown(file: string): string {
    return this.root.show(file);
  }

  #read(file: string, lookup: Lookup, place: Place | undefined): YamlFile | undefined {
    if (!isFile(file)) {
      this.problems.push({ message: `there is no compose file ${this.shown(file)} in the checkout`, ...place });
      return undefined;
    }
    this.needed.push({ file, place });
    const yaml = new YamlFile(readFileSync(file, 'utf8'), this.shown(file), lookup);
    this.problems.push(...yaml.problems);
    this.unset.push(...yaml.unset);
    this.empty.push(...yaml.empty);
    for (const name of yaml.variables) this.variables.add(name);
    return yaml;
  }

  #included(root: YamlValue, base: string, lookup: Lookup, way: readonly string[]): ProjectFile[] {
    return (root.get('include')?.items ?? []).flatMap((entry) => {
      const paths = textsOf(entry.get('path') ?? entry).map(({ text }) => text);
      const [first] = paths;
      if (paths.some(isRemote)) this.hasRemoteIncludes = true;
      if (first === undefined || isRemote(first)) return [];
      const folder = entry.get('project_directory')?.text;
      const inner = folder === undefined ? dirname(resolve(base, first)) : resolve(base, folder);
      const files = paths.map((path) => (isAbsolute(path) ? path : resolve(base, path)));
      return this.loadAll(files, inner, this.#withEnvFiles(entry, base, inner, lookup), entry.place, way);
    });
  }

  /** An include has an env file of its own; what the project's environment says goes before it. */
  #withEnvFiles(entry: YamlValue, base: string, inner: string, lookup: Lookup): Lookup {
    const named = entry.get('env_file');
    const own = join(inner, '.env');
    const files =
      named === undefined
        ? inner !== base && isFile(own)
          ? [own]
          : []
        : textsOf(named).map(({ text }) => resolve(base, text));
    const variables = new Map<string, string>();
    for (const file of files) {
      if (!isFile(file)) {
        this.problems.push({
          message: `there is no env_file ${this.shown(file)} in the checkout`,
          ...(named ?? entry).place,
        });
        continue;
      }
      this.needed.push({ file, place: entry.place });
      for (const [key, value] of this.#readEnvFile(file, lookup)) variables.set(key, value);
    }
    return (name) => lookup(name) ?? variables.get(name);
  }

  /** What this file refers to without knowing it is Compose's to judge: an unset one is a warning there. */
  #readEnvFile(file: string, lookup: Lookup): ReadonlyMap<string, string> {
    try {
      return parseDotenv(readFileSync(file, 'utf8'), this.shown(file), { expand: (name) => lookup(name) ?? '' });
    } catch (error) {
      this.problems.push(...(error instanceof UserError ? error.problems : [{ message: messageOf(error) }]));
      return new Map();
    }
  }
}

export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}
