/** What ssh said when it could not connect, as a cause, with what a person can do about it. Pure. */

export type FailureKind =
  | 'denied'
  | 'too-many-keys'
  | 'host-key'
  | 'options'
  | 'algorithms'
  | 'name'
  | 'refused'
  | 'unreachable'
  | 'throttled'
  | 'proxy'
  | 'other';

export interface ConnectFailure {
  readonly kind: FailureKind;
  /** `never`: another try would say the same. `soon`: nobody was asked to log in. `later`: sshd counts attempts. */
  readonly retry: 'never' | 'soon' | 'later';
  /** The line of ssh that tells it. */
  readonly said: string;
}

/** In this order: what a bastion's ssh said comes before "connection closed", which is only its consequence. */
const CAUSES: readonly (readonly [RegExp, FailureKind, ConnectFailure['retry']])[] = [
  [/Too many authentication failures/, 'too-many-keys', 'never'],
  [/Permission denied(?: \(|,|\.)|No supported authentication methods|agent refused operation/, 'denied', 'never'],
  [
    /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key is known for|host certificate|Certificate invalid|revoked/i,
    'host-key',
    'never',
  ],
  [
    /Bad configuration option|Unsupported option|Bad .* '.*'\.|Bad (?:key|protocol|SSH|number|yes\/no)|garbage at end|[Mm]issing argument|no argument after keyword|unsupported (?:option|parameter)|terminating, \d+ bad/,
    'options',
    'never',
  ],
  [/no matching .* found/, 'algorithms', 'never'],
  [/Could not resolve hostname|Name or service not known|name resolution|nodename nor servname/, 'name', 'soon'],
  [/Connection refused/, 'refused', 'soon'],
  [
    /No route to host|Network is (?:unreachable|down)|[Tt]imed out(?! during banner)|Host is down|administratively prohibited|open failed/,
    'unreachable',
    'soon',
  ],
  [/UNKNOWN port 65535/, 'proxy', 'later'],
  [
    /MaxStartups|Not allowed at this time|kex_exchange_identification|banner exchange|Connection (?:closed|reset) by/,
    'throttled',
    'later',
  ],
];

/** `behindProxy`: a connection that closes without a word was closed by the bastion or ProxyCommand, which may have said why. */
export function classifyFailure(log: string, behindProxy: boolean): ConnectFailure {
  const rows = log
    .split('\n')
    .map((row) => row.replace(/\r$/, '').trim())
    .filter((row) => row !== '');
  for (const [pattern, kind, retry] of CAUSES) {
    const said = rows.find((row) => pattern.test(row));
    if (said === undefined) continue;
    return kind === 'throttled' && behindProxy
      ? { kind: 'proxy', retry, said: rows[0] ?? said }
      : { kind, retry, said };
  }
  return { kind: 'other', retry: 'later', said: rows.at(-1) ?? 'ssh said nothing' };
}

export interface FailureContext {
  readonly address: string;
  readonly identity: { readonly kind: 'key' | 'agent' | 'none'; readonly description: string };
  readonly certificate: boolean;
  readonly behindProxy: boolean;
}

/** The cause and what to do, for the log of a runner. */
export function failureMessage({ kind, said }: ConnectFailure, context: FailureContext): string {
  const { address, identity } = context;
  const quote = ` (ssh: ${said.replace(/^ssh: /, '')})`;
  switch (kind) {
    case 'denied':
      return `${address} did not let us in with ${identity.description}${quote}. ${deniedAdvice(context)}`;
    case 'too-many-keys':
      return `${address} gave up after too many keys were tried${quote}: give the one that it knows in ssh-private-key`;
    case 'options':
      return `ssh-config has an option that OpenSSH on this runner does not accept${quote}`;
    case 'algorithms':
      return `${address} and this runner's OpenSSH have no algorithm in common${quote}: update the host's SSH server, or allow its old algorithm in ssh-config, for example \`HostKeyAlgorithms +ssh-rsa\``;
    case 'name':
      return `the name of ${address} cannot be resolved${quote}: is it spelled right, and is the VPN or its DNS up on the runner?`;
    case 'refused':
      return `${address} refuses connections${quote}: is its SSH server running, and is this its port?`;
    case 'unreachable':
      return `${address} cannot be reached${quote}: is it up, does its firewall let the runner in, is the VPN connected?`;
    case 'throttled':
      return `${address} closed the connection before login${quote}: it limits connections (MaxStartups, PerSourcePenalties, fail2ban) or is not an SSH server`;
    case 'proxy':
      return `the way to ${address} through its bastion or ProxyCommand broke${quote}`;
    default:
      return `no SSH connection to ${address}${quote}`;
  }
}

function deniedAdvice({ identity, certificate }: FailureContext): string {
  if (identity.kind === 'none')
    return 'Give a key in ssh-private-key (if you did, its secret is empty here: does the job name the environment that holds it, is this a run from a fork?)';
  if (identity.kind === 'agent')
    return 'Add a key that the host knows to the agent (`ssh-add -l` lists them), or give it in ssh-private-key';
  if (certificate)
    return "Is the certificate valid today, for this user, and signed by a CA in the host's TrustedUserCAKeys?";
  return "Is the user right, and is the key's public part in that user's ~/.ssh/authorized_keys on the host?";
}
