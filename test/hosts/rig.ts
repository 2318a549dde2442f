// What `script/hosts prepare` left, and the commands that hosts and registries are made with.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Rig {
  /** The docker client, by its path: the one whose engine answers. */
  readonly docker: string;
  /** The network of hosts and registries; containers on it find each other by name. */
  readonly network: string;
  readonly registry: { readonly name: string; readonly port: number };
  /** Local tags of the images: `host-bookworm`, `postgres`, `web-v1`… */
  readonly images: Readonly<Record<string, string>>;
}

/** The repository's folder. Tests run compiled, from build/, so it is looked for upwards. */
export function repositoryRoot(from: string = import.meta.dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'script'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no package.json above ${from}`);
  }
}

export function cacheFolder(): string {
  return process.env['HOMEPORT_TEST_CACHE'] ?? join(process.env['HOME'] ?? homedir(), '.cache', 'homeport-test');
}

let known: Rig | undefined;

export function rig(): Rig {
  if (known) return known;
  const file = join(cacheFolder(), 'hosts.json');
  if (!existsSync(file)) throw new Error(`no test hosts are prepared (${file} is missing): run script/hosts prepare`);
  known = JSON.parse(readFileSync(file, 'utf8')) as Rig;
  return known;
}

export function localImage(name: string): string {
  const tag = rig().images[name];
  if (tag === undefined) {
    throw new Error(`no image ${name}; there are ${Object.keys(rig().images).join(', ')}: run script/hosts prepare`);
  }
  return tag;
}

export interface Result {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** Runs a command to its end. A command that outlives `timeoutMs` is killed and is an error. */
export function run(
  command: readonly string[],
  options: { readonly input?: string | undefined; readonly timeoutMs?: number | undefined } = {},
): Promise<Result> {
  const [file, ...argv] = command;
  if (file === undefined) throw new Error('no command');
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, options.timeoutMs ?? 120_000);
    child.stdout.on('data', (part: Buffer) => out.push(part));
    child.stderr.on('data', (part: Buffer) => err.push(part));
    // A command may end without reading its input.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(out).toString('utf8');
      const stderr = Buffer.concat(err).toString('utf8');
      if (late) {
        reject(new Error(`${command.join(' ')}: no end after ${options.timeoutMs ?? 120_000} ms\n${stdout}${stderr}`));
      } else resolve({ stdout, stderr, status: status ?? (signal === null ? 1 : 128) });
    });
  });
}

/** Runs the docker client; anything but success is an error that shows what it said. */
export async function docker(...argv: string[]): Promise<string> {
  const result = await run([rig().docker, ...argv]);
  if (result.status !== 0) {
    throw new Error(`docker ${argv.slice(0, 3).join(' ')} … ended with ${result.status}: ${result.stderr.trim()}`);
  }
  return result.stdout.trim();
}

/** Part of every container's name, so that test files that run at once never meet. */
export const runId = `${process.pid}-${randomBytes(3).toString('hex')}`;

let count = 0;
export const nextName = (kind: string): string => `homeport-test-${kind}-${runId}-${(count += 1)}`;

/** Labels by which `script/hosts clean` knows what is ours, and whether whoever started it still runs. */
export function labels(): string[] {
  const stat = existsSync('/proc/self/stat') ? readFileSync('/proc/self/stat', 'utf8') : '';
  const started =
    stat
      .slice(stat.lastIndexOf(')') + 2)
      .trim()
      .split(' ')[19] ?? '';
  return ['--label', 'homeport.test=host', '--label', `homeport.test.owner=${process.pid}-${started}`];
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address !== null && typeof address === 'object') resolve(address.port);
        else reject(new Error('no port'));
      });
    });
  });
}

/** Asks until the answer is yes; an error says what was waited for. */
export async function until(
  what: string,
  ask: () => Promise<boolean>,
  options: { readonly timeoutMs?: number; readonly everyMs?: number } = {},
): Promise<void> {
  const end = Date.now() + (options.timeoutMs ?? 30_000);
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`waited ${options.timeoutMs ?? 30_000} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 50));
  }
}
