/** Which host keys we accept, before and after ssh looked: the file it verifies with, and the line to paste when it refuses. */
import { UserError } from '../base/errors.js';
import { bestKey, fingerprintOf, isEmpty, knownHostsFile, type KnownHosts } from './known-hosts.js';
import { lookupName, scanHostKeys, type ScanOptions } from './keyscan.js';
import type { Endpoint } from './options.js';

/** A machine on the way, and how to look at its keys. */
export interface Machine {
  readonly endpoint: Endpoint;
  /** As messages name it. */
  readonly address: string;
  readonly alias: string | undefined;
  readonly scan: ScanOptions;
}

/** The known_hosts of one connection. Fingerprints are looked up at the machines, as soon as those answer. */
export class HostKeys {
  readonly #known: KnownHosts;
  readonly #machines: readonly Machine[];
  readonly #matches = new Map<Machine, string>();

  constructor(known: KnownHosts, machines: readonly Machine[]) {
    this.#known = known;
    this.#machines = machines;
  }

  /** What OpenSSH is to verify with, as far as known now. */
  get file(): string {
    const names = this.#machines.map(nameOf);
    return knownHostsFile(this.#known, names, [...this.#matches.values()]);
  }

  /** Some machine with a fingerprint did not answer yet: another try may end otherwise. */
  get isIncomplete(): boolean {
    return this.#known.fingerprints.length > 0 && this.#matches.size < this.#machines.length;
  }

  /** @throws UserError with the lines to paste when nothing was given to verify with. */
  async refuseNothing(): Promise<void> {
    if (!isEmpty(this.#known)) return;
    const advice: string[] = [];
    for (const machine of this.#machines) advice.push(await lineToPaste(machine));
    throw new UserError(
      `known-hosts is empty: without it nobody can tell the host from an impostor. ${advice.join('\n')}`,
    );
  }

  /**
   * Looks for the keys of the fingerprints. In order, each told by `progress`: the key of a bastion must be accepted
   * before one can look behind it.
   * @throws UserError when a machine answers and none of its keys is the one.
   */
  async lookUp(progress: () => void): Promise<void> {
    if (!this.isIncomplete) return;
    const isKnown = (line: string): boolean => this.#known.fingerprints.includes(fingerprintOf(line));
    for (const machine of this.#machines.filter((one) => !this.#matches.has(one))) {
      const lines = await look(machine, (found) => found.some(isKnown));
      const match = lines.find(isKnown);
      if (match !== undefined) this.#matches.set(machine, match);
      // With other keys given, ssh is the one to judge.
      else if (lines.length > 0 && this.#known.lines.length + this.#known.bareKeys.length === 0) {
        throw new UserError(
          `${machine.address} has no host key of the fingerprint in known-hosts. ${advise(lines, machine)}`,
        );
      }
      progress();
    }
  }

  /** After ssh refused a host key, with what it said: whose it was, and the line to paste. */
  async refusal(log: string): Promise<UserError> {
    const machine = this.#machines.find((one) => log.includes(nameOf(one))) ?? this.#machines.at(-1);
    if (machine === undefined) return new UserError(log);
    const what = /CHANGED|has changed|differs/i.test(log)
      ? `the host key of ${machine.address} is not the one in known-hosts: the host was set up anew, or someone is in between`
      : `the host key of ${machine.address} is not in known-hosts`;
    return new UserError(`${what}. ${await lineToPaste(machine)}`);
  }
}

function nameOf(machine: Machine): string {
  return lookupName(machine.endpoint, machine.alias);
}

async function lineToPaste(machine: Machine): Promise<string> {
  const lines = await look(machine, (found) => found.length > 0);
  if (lines.length > 0) return advise(lines, machine);
  const port = machine.endpoint.port === 22 ? '' : `-p ${machine.endpoint.port} `;
  return `${machine.address} did not answer, so its line is not known here: get it with \`ssh-keyscan ${port}${machine.endpoint.hostname}\`.`;
}

function advise(lines: readonly string[], machine: Machine): string {
  const line = bestKey(lines) ?? '';
  return (
    `What ${machine.address} shows now is ${fingerprintOf(line)}. If that is right (compare it on the host itself: ` +
    `\`ssh-keygen -lf /etc/ssh/ssh_host_${typeOf(line)}_key.pub\`), paste this line into known-hosts:\n${line}`
  );
}

function typeOf(line: string): string {
  const type = line.split(' ')[1] ?? '';
  return type.includes('ed25519') ? 'ed25519' : type.includes('ecdsa') ? 'ecdsa' : 'rsa';
}

async function look(machine: Machine, enough: (lines: readonly string[]) => boolean): Promise<string[]> {
  return scanHostKeys(machine.endpoint, nameOf(machine), machine.scan, enough);
}
