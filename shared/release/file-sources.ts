/**
 * What configs and secrets are made of. Compose puts the content of one into a container when it makes that, and labels
 * nothing with it: another content, or another file, is no change to Compose, so we notice it ourselves.
 */
import type { ComposeModel, FileModel, ServiceModel } from '../compose/model.js';
import { saltedHash } from './salted-hash.js';

/** Name, such as `secret token`, -> salted hash of what it is made of. */
export type FileSources = Readonly<Record<string, string>>;

type Environment = Readonly<Record<string, string>>;

export function fileSources(release: string, model: ComposeModel, env: Environment): FileSources {
  const named = [
    ...Object.entries(model.configs).map(([key, file]) => [configName(key), file] as const),
    ...Object.entries(model.secrets).map(([key, file]) => [secretName(key), file] as const),
  ];
  return Object.fromEntries(
    named.flatMap(([name, file]) => {
      const made = madeOf(file, env);
      return made === undefined ? [] : [[name, saltedHash(release, name, made)]];
    }),
  );
}

/** The names of those that a service uses and that differ; what is not known of both releases is not known to differ. */
export function changedSources(service: ServiceModel, before: FileSources, now: FileSources): string[] {
  const used = [
    ...service.configs.map(({ source }) => configName(source)),
    ...service.secrets.map(({ source }) => secretName(source)),
  ];
  return [...new Set(used)].filter((name) => name in before && name in now && before[name] !== now[name]).sort();
}

const configName = (key: string): string => `config ${key}`;
const secretName = (key: string): string => `secret ${key}`;

/** Of a file its place: its content is looked at with that of all mounted files. Undefined for what only the host can tell. */
function madeOf({ file, content, environment }: FileModel, env: Environment): string | undefined {
  const inline = content ?? (environment === undefined ? undefined : env[environment]);
  if (inline !== undefined) return `content ${inline}`;
  return file === undefined ? undefined : `file ${file}`;
}
