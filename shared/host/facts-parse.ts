/** The facts script's lines as facts. */
import { posix } from 'node:path';
import { CONFIG_FOLLOWS, FACTS_END } from './facts-script.js';
import type { HostFacts } from './facts.js';
import type { ListeningSocket } from './ports.js';

/** What the engine itself tells. */
type OfEngine =
  'dockerVersion' | 'engineError' | 'imageStore' | 'architecture' | 'os' | 'rootless' | 'dockerRoot' | 'mirrors';

export interface ParsedFacts {
  readonly facts: Omit<HostFacts, 'dockerConfig' | 'dockerFree' | OfEngine>;
  /** Free bytes of the folders in which an engine keeps its data by default. */
  readonly freeAt: ReadonlyMap<string, number>;
  /** Content of the user's Docker config: secret. */
  readonly dockerConfig: string;
}

export function parseFacts(output: string, sudo: boolean): ParsedFacts {
  const [told = '', config = ''] = output.split(`${CONFIG_FOLLOWS}\n`);
  const answers = new Answers(told);
  const docker = answers.one('docker');
  const tools = new Set(answers.all('tool'));
  const path = posix.normalize(answers.one('path') ?? '/');
  const nearestFolder = posix.normalize(answers.one('near') ?? '/');
  return {
    facts: {
      user: answers.one('user') ?? '',
      home: answers.one('home') ?? '/',
      path,
      pathExists: path === nearestFolder,
      nearestFolder,
      nearestIsFolder: answers.one('near-is') === undefined,
      writable: answers.one('writable') === 'yes',
      ownFolderWritable: answers.one('own-folder') === undefined,
      modesHold: answers.one('modes') === 'hold',
      sudo,
      dockerCommand: docker === undefined ? [] : [...(sudo ? ['sudo', '-n'] : []), docker],
      composeCommand: composeCommand(answers, docker, sudo),
      hostEnvironment: Object.fromEntries(answers.all('environment').map(assignment)),
      composeVersion: (answers.one('compose-version') ?? '').replace(/^v/, ''),
      buildx: tools.has('buildx'),
      flock: tools.has('flock'),
      setsid: tools.has('setsid'),
      tar: tools.has('tar'),
      missingTools: ['flock', 'setsid', 'tar', 'sha256sum', 'xargs'].filter((tool) => !tools.has(tool)),
      pathFree: freeBytes(answers.one('disk')),
      uptime: numberOf(answers.one('uptime')),
      clock: (numberOf(answers.one('clock')) ?? 0) * 1000,
      listening: listening(answers),
    },
    freeAt: new Map(answers.all('engine-disk').flatMap(freeAt)),
    dockerConfig: config.slice(0, Math.max(0, config.lastIndexOf(`\n${FACTS_END}`))),
  };
}

class Answers {
  readonly #lines: readonly (readonly [string, string])[];

  constructor(told: string) {
    this.#lines = told.split('\n').map((line) => {
      const blank = line.indexOf(' ');
      return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    });
  }

  all(name: string): string[] {
    return this.#lines.flatMap(([key, value]) => (key === name ? [value] : []));
  }

  one(name: string): string | undefined {
    const value = this.all(name)[0];
    return value === '' ? undefined : value;
  }
}

function composeCommand(answers: Answers, docker: string | undefined, sudo: boolean): string[] {
  const plugin = answers.one('compose-plugin');
  if (plugin !== undefined) return [plugin];
  if (docker === undefined || answers.one('compose-version') === undefined) return [];
  return [...(sudo ? ['sudo', '-n'] : []), docker, 'compose'];
}

function assignment(word: string): [string, string] {
  const equals = word.indexOf('=');
  return [word.slice(0, equals), word.slice(equals + 1)];
}

/** `filesystem blocks used available capacity mount`: the fourth, in KiB. A filesystem's name may have blanks in it. */
function freeBytes(line: string | undefined): number | undefined {
  const available = /\s(\d+)\s+\d+%\s/.exec(line ?? '')?.[1];
  return available === undefined ? undefined : Number(available) * 1024;
}

/** `folder filesystem blocks …`; a folder with a blank in its name is none of the defaults. */
function freeAt(line: string): [string, number][] {
  const blank = line.indexOf(' ');
  const free = freeBytes(line.slice(blank + 1));
  return free === undefined ? [] : [[line.slice(0, blank), free]];
}

function numberOf(value: string | undefined): number | undefined {
  return value === undefined || Number.isNaN(Number(value)) ? undefined : Number(value);
}

function listening(answers: Answers): ListeningSocket[] {
  const names = new Map(answers.all('ss').flatMap(processName));
  return (['tcp', 'udp'] as const).flatMap((protocol) =>
    answers.all(protocol).flatMap((line): ListeningSocket[] => {
      const [, local = ''] = line.split(/\s+/);
      const [hex = '', portHex = ''] = local.split(':');
      const port = Number.parseInt(portHex, 16);
      if (Number.isNaN(port) || port === 0) return [];
      return [{ protocol, address: addressOf(hex), port, process: names.get(`${protocol} ${port}`) }];
    }),
  );
}

/** `tcp LISTEN 0 511 0.0.0.0:80 0.0.0.0:* users:(("nginx",pid=9,fd=6))` */
function processName(line: string): [string, string][] {
  const match = /^(tcp|udp)\s.*?:(\d+)\s+\S+\s+users:\(\("([^"]+)"/.exec(line);
  return match === null ? [] : [[`${match[1] ?? ''} ${match[2] ?? ''}`, match[3] ?? '']];
}

/** The kernel writes an address as hexadecimal words of the machine's own byte order. */
function addressOf(hex: string): string {
  if (/^0+$/.test(hex)) return '';
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = bytes.flatMap((byte, index) => (index % 2 === 0 ? [`${byte}${bytes[index + 1] ?? ''}`] : []));
  return groups.map((group) => group.toLowerCase().replace(/^0{1,3}/, '')).join(':');
}
