/** Looks at the host keys that a machine shows, without trusting them: to find the one of a fingerprint, or the line to paste. */
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { nameInKnownHosts } from './known-hosts.js';
import type { Endpoint } from './options.js';
import type { PrivateFolder } from './private-folder.js';
import { runTool } from './tool.js';

/** One type is one connection, and sshd counts those: the likeliest first, and stop when satisfied. */
const TYPES = [
  { scan: 'ed25519', algorithms: 'ssh-ed25519' },
  { scan: 'ecdsa', algorithms: 'ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521' },
  { scan: 'rsa', algorithms: 'rsa-sha2-512,rsa-sha2-256' },
] as const;

export interface ScanOptions {
  readonly folder: PrivateFolder;
  /** Milliseconds for one type. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** The alias in `config` by which ssh reaches the machine, when that is not directly. */
  readonly through: { readonly config: string; readonly alias: string } | undefined;
}

/** known_hosts lines of the machine, `name type blob`; none when it does not answer. Stops as soon as `enough` says so. */
export async function scanHostKeys(
  endpoint: Endpoint,
  name: string,
  options: ScanOptions,
  enough: (lines: readonly string[]) => boolean,
): Promise<string[]> {
  const lines: string[] = [];
  for (const type of TYPES) {
    const found =
      options.through === undefined
        ? await direct(endpoint, type.scan, options)
        : await through(options.through, type.algorithms, options);
    for (const line of found.split('\n')) {
      const [, kind, blob] = line.split(' ');
      if (!line.startsWith('#') && kind !== undefined && blob !== undefined) lines.push(`${name} ${kind} ${blob}`);
    }
    if (enough(lines) || options.signal?.aborted === true) break;
  }
  return lines;
}

/** The name under which a machine is looked up. */
export function lookupName(endpoint: Endpoint, alias: string | undefined): string {
  return alias ?? nameInKnownHosts(endpoint.hostname, endpoint.port);
}

async function direct(endpoint: Endpoint, type: string, { timeout, signal }: ScanOptions): Promise<string> {
  const seconds = String(Math.max(1, Math.min(10, Math.ceil(timeout / 1000))));
  const args = ['-T', seconds, '-p', String(endpoint.port), '-t', type, '--', endpoint.hostname];
  return (await runTool('ssh-keyscan', args, { timeout, ...(signal && { signal }) })).stdout;
}

/** Through a bastion or ProxyCommand ssh itself must look: it records the key, and offers nothing to the host. */
async function through(
  way: { readonly config: string; readonly alias: string },
  algorithms: string,
  { folder, timeout, signal }: ScanOptions,
): Promise<string> {
  const file = folder.of('scanned');
  const options = [
    'StrictHostKeyChecking=no',
    `UserKnownHostsFile=${file}`,
    `HostKeyAlgorithms=${algorithms}`,
    'PreferredAuthentications=none',
    'LogLevel=ERROR',
  ];
  const args = ['-F', way.config, ...options.flatMap((option) => ['-o', option]), '-T', way.alias, 'exit'];
  await runTool('ssh', args, { timeout, ...(signal && { signal }) });
  const text = await readFile(file, 'utf8').catch(() => '');
  rmSync(file, { force: true });
  return text;
}
