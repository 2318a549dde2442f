/** Which shipped files a service sees through its mounts: Compose does not react when their content changes, so we do. */
import type { ServiceModel, ComposeModel } from '../compose/model.js';

/** A file or folder under the project's folder, and where a container has it. */
export interface FileMount {
  /** Relative; `''` for the whole folder. */
  readonly source: string;
  readonly target: string;
}

/** What a service mounts from under the project's folder: binds, file configs and file secrets. */
export function fileMounts(service: ServiceModel, model: ComposeModel, path: string): FileMount[] {
  const named = [
    ...service.configs.map(({ source, target = `/${source}` }) => ({ source: model.configs[source]?.file, target })),
    ...service.secrets.map(({ source, target = source }) => ({
      source: model.secrets[source]?.file,
      target: target.startsWith('/') ? target : `/run/secrets/${target}`,
    })),
  ];
  return [...service.volumes.filter(({ type }) => type === 'bind'), ...named].flatMap(({ source, target }) => {
    const inside = source === undefined ? undefined : relativeTo(path, source);
    return inside === undefined ? [] : [{ source: inside, target: target.replace(/\/+$/, '') }];
  });
}

/** Their paths under the project's folder. */
export function mountedPaths(service: ServiceModel, model: ComposeModel, path: string): string[] {
  return fileMounts(service, model, path).map(({ source }) => source);
}

/** Where a container with these mounts has a file. */
export function targetsOf(file: string, mounts: readonly FileMount[]): string[] {
  return mounts
    .filter(({ source }) => filesUnder([{ path: file }], [source]).length > 0)
    .map(({ source, target }) =>
      file === source ? target : `${target}/${source === '' ? file : file.slice(source.length + 1)}`,
    );
}

/** What only an empty database reads: an initialised one has no use for it, and none for a restart. */
export function isInitialisation(target: string): boolean {
  return /^\/docker-entrypoint-initdb\.d(\/|$)/.test(target);
}

/** The files among `files` that lie under one of the mounted paths; `''` mounts the whole folder. */
export function filesUnder<File extends { readonly path: string }>(
  files: readonly File[],
  mounted: readonly string[],
): File[] {
  return files.filter(({ path }) =>
    mounted.some((mount) => mount === '' || path === mount || path.startsWith(`${mount}/`)),
  );
}

/** `source` relative to the folder `path`; undefined when it lies elsewhere. */
function relativeTo(path: string, source: string): string | undefined {
  const clean = source.replace(/\/+$/, '');
  if (clean === path) return '';
  return clean.startsWith(`${path}/`) ? clean.slice(path.length + 1) : undefined;
}
