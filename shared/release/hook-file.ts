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
    ...(Array.isArray(kept['volumes']) ? { volumes: kept['volumes'].map((mount) => realMount(mount, input)) } : {}),
  };
  return JSON.stringify({
    services: { [input.service]: hook },
    ...(model.networks === undefined ? {} : { networks: external(model.networks, input.existingNetworks) }),
    ...(model.volumes === undefined ? {} : { volumes: external(model.volumes, input.existingVolumes) }),
    ...(model.configs === undefined ? {} : { configs: model.configs }),
    ...(model.secrets === undefined ? {} : { secrets: model.secrets }),
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

/** A shipped file is seen as it will be, from where it is staged; a data folder is the host's own. */
function realMount(mount: unknown, { staged, path, shipped }: HookFileInput): unknown {
  if (!isRecord(mount) || mount['type'] !== 'bind' || typeof mount['source'] !== 'string') return mount;
  const source = mount['source'];
  if (source !== staged && !source.startsWith(`${staged}/`)) return mount;
  const relative = source.slice(staged.length + 1);
  return filesUnder(shipped, [relative]).length > 0
    ? mount
    : { ...mount, source: relative === '' ? path : `${path}/${relative}` };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
