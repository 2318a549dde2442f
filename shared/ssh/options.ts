/** The configuration file that OpenSSH gets from us, and nothing of the user's own ~/.ssh. Pure: settings in, text out. */
import { UserError, type Problem } from '../base/errors.js';

/** One machine on the way: the host itself or a bastion. */
export interface Endpoint {
  readonly hostname: string;
  readonly port: number;
  readonly user: string | undefined;
}

export interface ConfigParts {
  readonly target: Endpoint;
  /** In the order in which they are passed. */
  readonly jumps: readonly Endpoint[];
  readonly extra: ExtraOptions;
  /** What identity.ts found: lines such as `IdentityFile "…"`. */
  readonly identity: readonly string[];
  readonly identityIsOurs: boolean;
  readonly knownHostsFile: string;
  readonly acceptAny: boolean;
}

export interface ExtraOptions {
  /** `Keyword value`, in the user's order. */
  readonly lines: readonly string[];
  readonly usesProxy: boolean;
  readonly hostKeyAlias: string | undefined;
}

/** The names by which our own configuration calls the host and its bastions. */
export const TARGET = 'homeport-host';
export const jumpName = (index: number): string => `homeport-jump-${index + 1}`;

export function sshConfig(parts: ConfigParts): string {
  const identity = parts.identity.map((line) => `  ${line}`);
  // In ssh_config the first value wins: what must hold is above the user's options, what they may change is below.
  return [
    'Host *',
    '  BatchMode yes',
    `  StrictHostKeyChecking ${parts.acceptAny ? 'no' : 'yes'}`,
    `  UserKnownHostsFile ${parts.acceptAny ? '/dev/null' : quoted(parts.knownHostsFile)}`,
    '  GlobalKnownHostsFile /dev/null',
    '  UpdateHostKeys no',
    '  VerifyHostKeyDNS no',
    '  NoHostAuthenticationForLocalhost no',
    '  HashKnownHosts no',
    '  ClearAllForwardings yes',
    '  PermitLocalCommand no',
    '  ForwardAgent no',
    '  ForwardX11 no',
    '  CanonicalizeHostname no',
    ...(parts.identityIsOurs ? identity : []),
    `Host ${TARGET}`,
    ...endpoint(parts.target, parts.jumps.length),
    ...parts.extra.lines.map((line) => `  ${line}`),
    ...parts.jumps.flatMap((jump, index) => [`Host ${jumpName(index)}`, ...endpoint(jump, index)]),
    'Host *',
    ...(parts.identityIsOurs ? [] : identity),
    '  ConnectTimeout 15',
    '  ServerAliveInterval 15',
    '  ServerAliveCountMax 4',
    '  TCPKeepAlive yes',
    '  LogLevel ERROR',
    '',
  ].join('\n');
}

function endpoint({ hostname, port, user }: Endpoint, jumpsBefore: number): string[] {
  return [
    `  HostName ${hostname.replaceAll('%', '%%')}`,
    `  Port ${port}`,
    ...(user === undefined ? [] : [`  User ${user}`]),
    ...(jumpsBefore === 0 ? [] : [`  ProxyJump ${jumpName(jumpsBefore - 1)}`]),
  ];
}

/** A path in ssh_config: `%` begins a token there. */
export function quoted(path: string): string {
  return `"${path.replaceAll('%', '%%')}"`;
}

/** @throws UserError for names that are none: they would end up as options or as lines of their own. */
export function checkEndpoint(input: string, { hostname, port, user }: Endpoint): void {
  const problems: Problem[] = [];
  if (!/^[A-Za-z0-9_:][A-Za-z0-9._:%-]*$/.test(hostname))
    problems.push({ message: `${input}: ${JSON.stringify(hostname)} is no host name or address` });
  if (user !== undefined && !/^[^\s"'`$;&|<>(){}#*?!-][^\s"'`$;&|<>(){}#*?!]*$/.test(user)) {
    problems.push({ message: `${input}: ${JSON.stringify(user)} is no user name` });
  }
  if (!Number.isInteger(port) || port < 1 || port > 65535) problems.push({ message: `${input}: ${port} is no port` });
  if (problems.length > 0) throw new UserError(problems);
}

/** `user@bastion[:port]`, several separated by commas; `ssh://` and `[v6]:port` too. @throws UserError */
export function parseJumps(text: string | undefined): Endpoint[] {
  const parts = (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return parts.map((part) => {
    const found =
      /^(?:ssh:\/\/)?(?:(.+)@)?(?:\[([0-9A-Fa-f:.%\w]+)\]|([^:@[\]]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*))(?::(\d+))?$/.exec(
        part,
      );
    if (found === null) throw new UserError(`ssh-jump: ${JSON.stringify(part)} is not of the form user@bastion[:port]`);
    const jump = { hostname: found[2] ?? found[3] ?? '', port: Number(found[4] ?? 22), user: found[1] };
    checkEndpoint('ssh-jump', jump);
    return jump;
  });
}

/** Keywords that would undo what we promise, with what to use instead. */
const REFUSED: Readonly<Record<string, string>> = {
  host: 'sections are ours: all lines hold for the host itself',
  match: 'sections are ours: all lines hold for the host itself',
  include: 'other files are not read: paste their lines',
  stricthostkeychecking: 'use the input known-hosts',
  userknownhostsfile: 'use the input known-hosts',
  globalknownhostsfile: 'use the input known-hosts',
  knownhostscommand: 'use the input known-hosts',
  verifyhostkeydns: 'use the input known-hosts',
  updatehostkeys: 'use the input known-hosts',
  nohostauthenticationforlocalhost: 'use the input known-hosts',
  hostname: 'use the input host',
  port: 'use the input host',
  user: 'use the input host',
  proxyjump: 'use the input ssh-jump',
  controlmaster: 'the shared connection is ours',
  controlpath: 'the shared connection is ours',
  controlpersist: 'the shared connection is ours',
  batchmode: 'nobody is there to answer',
  remotecommand: 'what runs on the host is ours',
  requesttty: 'a terminal would change the output',
  sessiontype: 'what runs on the host is ours',
  stdinnull: 'standard input carries the scripts',
  forkafterauthentication: 'the connection is watched',
  localcommand: 'nothing is run on the runner',
  permitlocalcommand: 'nothing is run on the runner',
};
const IDENTITY = new Set(['identityfile', 'identityagent', 'identitiesonly', 'certificatefile']);

/** @throws UserError for every keyword that is ours, with what to use instead. ssh itself judges the others. */
export function parseExtraOptions(
  text: string | undefined,
  has: { readonly key: boolean; readonly jump: boolean },
): ExtraOptions {
  const problems: Problem[] = [];
  const lines: string[] = [];
  let usesProxy = false;
  let hostKeyAlias: string | undefined;
  (text ?? '').split(/\r\n?|\n/).forEach((row, index) => {
    const line = row.trim();
    if (line === '' || line.startsWith('#')) return;
    const [, keyword = '', value = ''] = /^([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.+)$/.exec(line) ?? [];
    const name = keyword.toLowerCase();
    const complain = (why: string): void => void problems.push({ message: `ssh-config, line ${index + 1}: ${why}` });
    const refusal = REFUSED[name];
    if (keyword === '') complain(`${JSON.stringify(line)} is not of the form "Keyword value"`);
    else if (refusal !== undefined) complain(`${keyword} cannot be set here: ${refusal}`);
    else if (has.key && IDENTITY.has(name)) complain(`${keyword} cannot be set beside the input ssh-private-key`);
    else if (name === 'proxycommand' && has.jump) complain('ProxyCommand and the input ssh-jump exclude each other');
    if (name === 'proxycommand' && value.toLowerCase() !== 'none') usesProxy = true;
    if (name === 'hostkeyalias') hostKeyAlias = value;
    lines.push(`${keyword} ${value}`);
  });
  if (problems.length > 0) throw new UserError(problems);
  return { lines, usesProxy, hostKeyAlias };
}
