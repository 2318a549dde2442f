/** What the settings of a user come to: judged as a whole before anything is sent, and all that a connection needs to know. */
import { HostKeys, type Machine } from './host-keys.js';
import { nameInKnownHosts, parseKnownHosts } from './known-hosts.js';
import { checkEndpoint, jumpName, parseExtraOptions, parseJumps, TARGET, type Endpoint } from './options.js';
import type { PrivateFolder } from './private-folder.js';
import type { ConnectionSettings, HostAddress } from './settings.js';

export interface ConnectionPlan {
  readonly name: string;
  readonly target: Endpoint;
  readonly jumps: readonly Endpoint[];
  readonly extra: ReturnType<typeof parseExtraOptions>;
  readonly hasKey: boolean;
  readonly hasCertificate: boolean;
  readonly acceptAny: boolean;
  readonly hostKeys: HostKeys;
  readonly connectTimeout: number;
}

/** @throws UserError for a host, bastion, option or known-hosts that is none. */
export function planConnection(
  address: Extract<HostAddress, { kind: 'ssh' }>,
  settings: ConnectionSettings,
  folder: PrivateFolder,
  signal: AbortSignal | undefined,
): ConnectionPlan {
  const target: Endpoint = { hostname: address.hostname, port: address.port ?? 22, user: address.user };
  checkEndpoint('host', target);
  const jumps = parseJumps(settings.jump);
  const hasKey = settings.privateKey !== undefined;
  const extra = parseExtraOptions(settings.extraOptions, { key: hasKey, jump: jumps.length > 0 });
  const known = parseKnownHosts(settings.knownHosts ?? '');
  const machine = (endpoint: Endpoint, alias: string | undefined, through: string | undefined): Machine => ({
    endpoint,
    address: nameOf(endpoint),
    alias,
    scan: {
      folder,
      timeout: Math.min(10_000, settings.connectTimeout),
      signal,
      through: through === undefined ? undefined : { config: folder.of('config'), alias: through },
    },
  });
  const machines = [
    ...jumps.map((jump, index) => machine(jump, undefined, index === 0 ? undefined : jumpName(index))),
    machine(target, extra.hostKeyAlias, jumps.length > 0 || extra.usesProxy ? TARGET : undefined),
  ];
  return {
    name: nameOf(target),
    target,
    jumps,
    extra,
    hasKey,
    hasCertificate: settings.certificate !== undefined,
    acceptAny: known.acceptAny,
    hostKeys: new HostKeys(known, machines),
    connectTimeout: settings.connectTimeout,
  };
}

/** `user@host:port`, as people write it; the port only where it is not 22. */
function nameOf({ user, hostname, port }: Endpoint): string {
  return `${user === undefined ? '' : `${user}@`}${nameInKnownHosts(hostname, port).replace(/^\[([^:\]]*)\]/, '$1')}`;
}
