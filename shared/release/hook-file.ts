/**
 * A `run` hook needs the new release's image, config and environment while the old one serves. `compose run` with the new file
 * recreates or stops live services when a network changed, so the hook gets a file of its own with one service in it and
 * with what exists already as external.
 */
import { filesUnder } from './mounted-files.js';

/** What Compose wrote, as far as a hook's file needs to know it. */
interface RawModel {
  readonly services: Record<string, Record<string, unknown>>;
  readonly networks?: Record<string, { name?: string } | null>;
  readonly volumes?: Record<string, { name?: string } | null>;
  readonly configs?: Record<string, unknown>;
  readonly secrets?: Record<string, unknown>;
}

export interface HookFileInput {
  /** `compose config --format json` of the staged files. */
  readonly stagedModel: string;
  readonly service: string;
  readonly imageId: string;
  /** Where the release's files are staged, and where they will be. */
  readonly staged: string;
  readonly path: string;
  readonly shipped: readonly { readonly path: string }[];
  /** Those of the shipped files that the host does not have yet, and those that it has with other content; regular files. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Names, as the engine knows them. */
  readonly existingNetworks: readonly string[];
  readonly existingVolumes: readonly string[];
}

/** What a one-off container must not claim: another one of the service holds it. */
const CLAIMS = [
  'build',
  'depends_on',
  'container_name',
  'ports',
  'restart',
  'healthcheck',
  'scale',
  'profiles',
  'links',
  'hostname',
];

export function hookFile(input: HookFileInput): string {
  const model = JSON.parse(input.stagedModel) as RawModel;
  const service = model.services[input.service];
  if (service === undefined) throw new Error(`the stack has no service ${input.service}`);
  const kept = Object.fromEntries(Object.entries(service).filter(([key]) => !CLAIMS.includes(key)));
  const { deploy, ...rest } = kept;
  const hook = {
    ...rest,
    image: input.imageId,
    ...(isRecord(deploy)
      ? { deploy: Object.fromEntries(Object.entries(deploy).filter(([key]) => key !== 'replicas')) }
      : {}),
    ...(isRecord(kept['networks']) ? { networks: Object.keys(kept['networks']) } : {}),
    ...(Array.isArray(kept['volumes'])
      ? { volumes: kept['volumes'].flatMap((mount) => realMounts(mount, input)) }
      : {}),
  };
  return JSON.stringify({
    services: { [input.service]: hook },
    ...(model.networks === undefined ? {} : { networks: external(model.networks, input.existingNetworks) }),
    ...(model.volumes === undefined ? {} : { volumes: external(model.volumes, input.existingVolumes) }),
    ...(model.configs === undefined ? {} : { configs: realFiles(model.configs, input) }),
    ...(model.secrets === undefined ? {} : { secrets: realFiles(model.secrets, input) }),
  });
}

/** What exists is used as it is; what does not is made by Compose, with its own labels. */
function external(
  named: Record<string, { name?: string } | null>,
  existing: readonly string[],
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => {
      const name = value?.name;
      return [key, name !== undefined && existing.includes(name) ? { name, external: true } : value];
    }),
  );
}

/** The files that must be there to be mounted over, in a folder that the service of a hook mounts; relative to the project's path. */
export function hookMountPoints(input: HookFileInput): string[] {
  const model = JSON.parse(input.stagedModel) as RawModel;
  const volumes = model.services[input.service]?.['volumes'];
  const folders = (Array.isArray(volumes) ? volumes : []).flatMap((mount: unknown) => {
    const inside = isRecord(mount) && mount['type'] === 'bind' ? relativeTo(mount['source'], input) : undefined;
    return inside === undefined || input.shipped.some(({ path }) => path === inside) ? [] : [inside];
  });
  return filesUnder(asFiles(input.added), folders).map(({ path }) => path);
}

/**
 * A folder is the host's own, since data may lie in it beside what is shipped: what a hook writes there must last. The shipped
 * files that differ lie over it as they will be, from where they are staged.
 */
function realMounts(mount: unknown, input: HookFileInput): unknown[] {
  if (!isRecord(mount) || mount['type'] !== 'bind') return [mount];
  const inside = relativeTo(mount['source'], input);
  if (inside === undefined) return [mount];
  const differing = filesUnder(asFiles([...input.added, ...input.changed]), [inside]);
  if (differing.some(({ path }) => path === inside)) return [mount];
  const folder = { ...mount, source: escaped(inside === '' ? input.path : `${input.path}/${inside}`) };
  const over = differing.map(({ path }) => ({
    type: 'bind',
    source: escaped(`${input.staged}/${path}`),
    target: `${String(mount['target']).replace(/\/+$/, '')}/${escaped(inside === '' ? path : path.slice(inside.length + 1))}`,
    ...(mount['read_only'] === true ? { read_only: true } : {}),
  }));
  return [folder, ...over];
}

/** A file of a config or secret that is not shipped is the host's. */
function realFiles(named: Readonly<Record<string, unknown>>, input: HookFileInput): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(named).map(([key, value]) => {
      const inside = isRecord(value) ? relativeTo(value['file'], input) : undefined;
      if (!isRecord(value) || inside === undefined || input.shipped.some(({ path }) => path === inside))
        return [key, value];
      return [key, { ...value, file: escaped(`${input.path}/${inside}`) }];
    }),
  );
}

/** A staged path relative to the project's; undefined for what lies elsewhere. Compose writes a `$` twice. */
function relativeTo(source: unknown, { staged }: HookFileInput): string | undefined {
  if (typeof source !== 'string') return undefined;
  const clean = source.replaceAll('$$', () => '$').replace(/\/+$/, '');
  if (clean === staged) return '';
  return clean.startsWith(`${staged}/`) ? clean.slice(staged.length + 1) : undefined;
}

function escaped(path: string): string {
  return path.replaceAll('$', () => '$$');
}

function asFiles(paths: readonly string[]): { readonly path: string }[] {
  return paths.map((path) => ({ path }));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
