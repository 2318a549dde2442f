/** Which shipped files a service sees through its mounts: Compose does not react when their content changes, so we do. */
import type { ServiceModel, ComposeModel } from '../compose/model.js';

/** Relative paths under the project's folder that a service mounts: binds, file configs and file secrets. */
export function mountedPaths(service: ServiceModel, model: ComposeModel, path: string): string[] {
  const binds = service.volumes.filter(({ type }) => type === 'bind').map(({ source }) => source);
  const named = [
    ...service.configs.map(({ source }) => model.configs[source]?.file),
    ...service.secrets.map(({ source }) => model.secrets[source]?.file),
  ];
  return [...binds, ...named].flatMap((source) => {
    const inside = source === undefined ? undefined : relativeTo(path, source);
    return inside === undefined ? [] : [inside];
  });
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
