/** The input `known-hosts` in all its forms, and the file that OpenSSH reads. Pure; looking at a host is keyscan.ts. */
import { createHash } from 'node:crypto';
import { UserError, type Problem } from '../base/errors.js';

export interface KnownHosts {
  /** `insecure-accept-any`: no verification at all. */
  readonly acceptAny: boolean;
  /** Lines that name their hosts themselves, as they are. */
  readonly lines: readonly string[];
  /** `[@cert-authority ]type blob`, without hosts: good for each host on the way. */
  readonly bareKeys: readonly string[];
  /** `SHA256:…`, without padding. */
  readonly fingerprints: readonly string[];
}

const KEY = /^((?:ssh|ecdsa|sk)-[\w@.-]+) ([A-Za-z0-9+/]+={0,2})(?:\s|$)/;
const MARKERS = '@cert-authority|@revoked';

/** @throws UserError that names every line that is none of the forms. */
export function parseKnownHosts(text: string): KnownHosts {
  const known = { acceptAny: false, lines: [] as string[], bareKeys: [] as string[], fingerprints: [] as string[] };
  const problems: Problem[] = [];
  const rows = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\\n', '\n')
    .split(/\r\n?|\n/);
  for (const row of rows.map((line) => line.trim().replaceAll(/\s+/g, ' '))) {
    if (row === '' || row.startsWith('#')) continue;
    const marker = new RegExp(`^(?:${MARKERS}) `).exec(row)?.[0] ?? '';
    const rest = row.slice(marker.length);
    const fingerprint = /(?:^|\s)SHA256:([A-Za-z0-9+/]{43})=?(?:\s|$)/.exec(row)?.[1];
    const bare = KEY.exec(rest);
    if (row === 'insecure-accept-any') known.acceptAny = true;
    else if (fingerprint !== undefined) known.fingerprints.push(`SHA256:${fingerprint}`);
    else if (bare !== null) known.bareKeys.push(`${marker}${bare[1] ?? ''} ${bare[2] ?? ''}`);
    else if (KEY.test(rest.slice(rest.indexOf(' ') + 1)) && rest.includes(' ')) known.lines.push(row);
    else problems.push({ message: `known-hosts: ${JSON.stringify(shortened(row))} ${whatIsWrong(row)}` });
  }
  if (problems.length > 0) throw new UserError(problems);
  return known;
}

/** Whether anything at all was given to verify with. */
export function isEmpty(known: KnownHosts): boolean {
  return !known.acceptAny && known.lines.length + known.bareKeys.length + known.fingerprints.length === 0;
}

/** The content of the known_hosts file; `names` as `nameInKnownHosts` gives them, `scanned` the keys whose fingerprints matched. */
export function knownHostsFile(known: KnownHosts, names: readonly string[], scanned: readonly string[]): string {
  const bound = known.bareKeys.map((key) => {
    const space = key.startsWith('@') ? key.indexOf(' ') + 1 : 0;
    return `${key.slice(0, space)}${names.join(',')} ${key.slice(space)}`;
  });
  return [...known.lines, ...bound, ...scanned].map((line) => `${line}\n`).join('');
}

/** How known_hosts names a host: `host`, or `[host]:port` where the port is not 22. */
export function nameInKnownHosts(hostname: string, port: number): string {
  return port === 22 ? hostname : `[${hostname}]:${port}`;
}

/** `SHA256:…` of a line `[hosts ]type blob`. */
export function fingerprintOf(line: string): string {
  const blob = line.split(' ').find((part) => part.startsWith('AAAA')) ?? '';
  return `SHA256:${createHash('sha256').update(Buffer.from(blob, 'base64')).digest('base64').replace(/=+$/, '')}`;
}

/** The key of several to recommend: Ed25519 before ECDSA before RSA. */
export function bestKey(lines: readonly string[]): string | undefined {
  const rank = (line: string): number =>
    ['ed25519', 'ecdsa', 'rsa'].findIndex((type) => (line.split(' ')[1] ?? '').includes(type));
  return [...lines].sort((a, b) => ((rank(a) + 4) % 4) - ((rank(b) + 4) % 4))[0];
}

function whatIsWrong(row: string): string {
  if (/MD5:|^(?:[0-9a-f]{2}:){15}/i.test(row))
    return 'is an MD5 fingerprint, which proves nothing today: give the SHA256 one';
  if (row.startsWith('SHA256:')) return 'is no whole SHA256 fingerprint (43 characters after the colon)';
  if (row.includes('PRIVATE KEY')) return 'is part of a private key: known-hosts takes the public keys of the host';
  return 'is neither a known_hosts line, nor a public key, nor a SHA256: fingerprint';
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
