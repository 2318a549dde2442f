/**
 * The one-service file in which new files are judged. Unlike a hook it leaves nothing behind: it makes no network and no volume,
 * and a name of the stack that nothing answers to yet still resolves, since a proxy refuses a file with one that does not.
 */
import { hookFile, type HookFileInput } from './hook-file.js';

interface Mount {
  readonly type: string;
  readonly source?: string;
  readonly target: string;
}

interface OneService {
  readonly services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly networks?: Readonly<Record<string, { readonly external?: unknown } | null>>;
  readonly volumes?: Readonly<Record<string, { readonly external?: unknown } | null>>;
  readonly [more: string]: unknown;
}

/** @param absent names that the stack will have and that nothing has now */
export function testFile(input: HookFileInput, absent: readonly string[]): string {
  const { networks = {}, volumes = {}, ...file } = JSON.parse(hookFile(input)) as OneService;
  const { networks: on, ...service } = file.services[input.service] ?? {};
  const there = (Array.isArray(on) ? on : []).filter((name: string) => isThere(networks[name]));
  const mounts = (service['volumes'] ?? []) as readonly Mount[];
  const ownNetwork = on !== undefined && there.length === 0;
  const hosts = service['network_mode'] === undefined || service['network_mode'] === 'host' ? absent : [];
  const given = service['extra_hosts'];
  return JSON.stringify({
    ...file,
    networks: pick(networks, isThere),
    volumes: pick(volumes, isThere),
    services: {
      [input.service]: {
        ...service,
        ...(on === undefined ? {} : ownNetwork ? { network_mode: 'none' } : { networks: there }),
        ...(mounts.length === 0
          ? {}
          : { volumes: mounts.map((mount) => (isMissing(mount, volumes) ? empty(mount) : mount)) }),
        ...(hosts.length === 0 || ownNetwork
          ? {}
          : { extra_hosts: [...hostLines(given), ...hosts.map((name) => `${name}:127.0.0.1`)] }),
      },
    },
  });
}

const isThere = (one: { readonly external?: unknown } | null | undefined): boolean => one?.external === true;

function isMissing({ type, source }: Mount, volumes: NonNullable<OneService['volumes']>): boolean {
  return type === 'volume' && source !== undefined && source in volumes && !isThere(volumes[source]);
}

const empty = ({ target }: Mount): Mount => ({ type: 'tmpfs', target });

function pick<T>(named: Readonly<Record<string, T>>, good: (one: T) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(named).filter(([, one]) => good(one)));
}

function hostLines(given: unknown): string[] {
  if (Array.isArray(given)) return given.map(String);
  if (typeof given !== 'object' || given === null) return [];
  return Object.entries(given).flatMap(([name, addresses]: [string, unknown]) =>
    (Array.isArray(addresses) ? addresses : [addresses]).map((address) => `${name}:${String(address)}`),
  );
}
