/**
 * Proxies that everybody runs: how each of them judges its own configuration, and how it reads it again. Told by the last part
 * of the image's name, and only where the service still runs that program.
 */
import { posix } from 'node:path';
import type { ServiceModel } from '../compose/model.js';
import type { FileSignal, FileTest } from './file-reaction.js';

interface Proxy {
  readonly images: RegExp;
  readonly program: string;
  /** What of its files it serves and does not obey: in no need of a test. */
  readonly content: RegExp;
  /** What is read only by a container that starts. */
  readonly atStart?: RegExp;
  /** @param words what it is started with */
  readonly test: (words: readonly string[]) => Omit<FileTest, 'byDefault'>;
  readonly signal?: FileSignal;
}

const NOTHING = /^$/;

const PROXIES: readonly Proxy[] = [
  {
    images: /^(nginx|nginx-unprivileged)$/,
    program: 'nginx',
    content: /^\/(usr\/share\/nginx|var\/www)\//,
    atStart: /^\/(etc\/nginx\/templates|docker-entrypoint)/,
    test: (words) => ({ command: ['nginx', '-t', ...pairs(words, ['-c', '-p'])] }),
    signal: { name: 'HUP', proof: { process: 'nginx', refused: '\\[emerg\\]' } },
  },
  {
    // Not every version of it has a signal that makes it read its file again.
    images: /^caddy$/,
    program: 'caddy',
    content: /^\/(srv|usr\/share\/caddy|var\/www)\//,
    test: (words) => ({
      command: [
        ...['caddy', 'validate'],
        ...(words.length > 0
          ? pairs(words, ['--config', '-c', '--adapter', '-a'])
          : ['--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile']),
      ],
    }),
  },
  {
    images: /^haproxy(-alpine|-debian|-ubuntu)?$/,
    program: 'haproxy',
    content: NOTHING,
    atStart: /^\/docker-entrypoint/,
    test: (words) => {
      const files = pairs(words, ['-f']);
      return {
        command: ['haproxy', '-c', ...(files.length > 0 ? files : ['-f', '/usr/local/etc/haproxy/haproxy.cfg'])],
      };
    },
    signal: { name: 'HUP', proof: { process: 'haproxy', refused: '\\[ALERT\\]' } },
  },
  {
    images: /^prometheus$/,
    program: 'prometheus',
    content: NOTHING,
    test: (words) => ({
      entrypoint: 'promtool',
      command: ['check', 'config', pairs(words, ['--config.file'])[1] ?? '/etc/prometheus/prometheus.yml'],
    }),
    signal: {
      name: 'HUP',
      proof: {
        process: 'prometheus',
        done: 'Completed loading of configuration file',
        refused: '[Ee]rror (re)?loading config',
      },
    },
  },
];

export interface Usual {
  readonly test?: FileTest;
  readonly signal?: FileSignal;
}

/** @param targets where the changed files are inside the container */
export function knownProxy(service: ServiceModel, targets: readonly string[]): Usual | undefined {
  const proxy = PROXIES.find(({ images }) => images.test(nameOf(service.image ?? '')));
  // Where it lives in another one's container, one of its own would see something else.
  const alone = ![service.networkMode, service.pid, service.ipc].some((one) => /^(service|container):/.test(one ?? ''));
  if (proxy === undefined || !alone || service.volumesFrom.length > 0) return undefined;
  const { command, entrypoint } = service;
  const [first = proxy.program] = entrypoint ?? command ?? [];
  // The image's own entrypoint puts the program before options.
  const itself = posix.basename(first) === proxy.program || (entrypoint === undefined && first.startsWith('-'));
  const within =
    entrypoint === undefined && (command ?? []).some((word) => new RegExp(`\\b${proxy.program}\\b`).test(word));
  if (!itself && !within) return undefined;
  const words = itself ? [...(entrypoint ?? []), ...(command ?? [])] : [];
  const test = proxy.test(words);
  const [program, ...rest] = test.command;
  const alike =
    entrypoint === undefined || test.entrypoint !== undefined ? test : { entrypoint: program, command: rest };
  const rereads = itself && !targets.some((target) => proxy.atStart?.test(target));
  return {
    ...(targets.every((target) => proxy.content.test(target))
      ? {}
      : { test: { ...alike, byDefault: true } as FileTest }),
    ...(rereads && proxy.signal !== undefined ? { signal: proxy.signal } : {}),
  };
}

/** `ghcr.io/acme/nginx:1@sha256:…` is `nginx`. */
function nameOf(reference: string): string {
  return posix.basename(reference.replace(/@.*$/, '').replace(/:[^/:]*$/, ''));
}

/** These options with their values, however they are written. */
function pairs(words: readonly string[], options: readonly string[]): string[] {
  return words.flatMap((word, at) => {
    const joined = options.find((option) => word.startsWith(`${option}=`));
    if (joined !== undefined) return [joined, word.slice(joined.length + 1)];
    const value = words[at + 1];
    return options.includes(word) && value !== undefined ? [word, value] : [];
  });
}
