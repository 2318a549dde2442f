/** A folder that is a host as far as a release's scripts can tell, with a fake engine: they run in it for real, in any sh. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync, existsSync, linkSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs'; // prettier-ignore
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseJournal, type JournalEntry } from '../../shared/host/journal.js';
import { layoutOf, type ReleaseLayout } from '../../shared/host/layout.js';
import { renderScript, type ScriptContext } from '../../shared/release/script.js';
import type { FileChange, NumberedStep, Step } from '../../shared/release/steps.js';
import { sh } from '../../shared/ssh/shell-text.js';
import { FakeDocker } from './fake-docker.js';

export type Shell = readonly [string, ...string[]];
export const SHELLS: readonly Shell[] = [['dash'], ['bash'], ['busybox', 'sh']];
export const EACH_SHELL = SHELLS.map((shell) => ({ shell, name: shell.join(' ') }));

export interface Outcome {
  /** `null` when a signal ended it. */
  readonly status: number | null;
  readonly output: string;
}

/** Content with its mode, or where a symbolic link points to. */
export type FileState = { readonly content: string; readonly mode: number } | { readonly link: string };

export class ScriptHost implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "homeport it's "));
  readonly path = join(this.folder, 'srv', 'shop');
  readonly layout = layoutOf(this.path);
  readonly release: ReleaseLayout = this.layout.release('20261122T021103Z-3f2a1c9');
  readonly docker: FakeDocker;

  constructor() {
    for (const folder of [this.release.files, this.release.before, this.layout.lock])
      mkdirSync(folder, { recursive: true });
    for (const word of ['confirmed', 'reverting', 'kept'])
      writeFileSync(`${this.release.directory}/decision.${word}`, `${word}\n`);
    this.docker = new FakeDocker(this.folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the release ships, what lies on the host, and what the switch keeps of it beforehand. */
  stage(path: string, state: FileState): void {
    write(join(this.release.files, path), state);
  }

  put(path: string, state: FileState): void {
    write(join(this.path, path), state);
  }

  keep(changes: readonly FileChange[]): void {
    const now = this.files;
    for (const { path } of changes) {
      const state = now[path];
      if (state !== undefined) write(join(this.release.before, path), state);
    }
  }

  /** All files of the project but our own. */
  get files(): Record<string, FileState> {
    return Object.fromEntries(tree(this.path, '').sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get journal(): JournalEntry[] {
    return existsSync(this.release.journal) ? parseJournal(readFileSync(this.release.journal, 'utf8')) : [];
  }

  /** `begin switch:1`, one after the other. */
  get facts(): string[] {
    return this.journal.map(({ word, job, step }) => `${word} ${job}:${step}`);
  }

  get decision(): string | undefined {
    return existsSync(this.release.decision) ? readFileSync(this.release.decision, 'utf8').trim() : undefined;
  }

  decide(word: 'confirmed' | 'reverting' | 'kept'): void {
    linkSync(`${this.release.directory}/decision.${word}`, this.release.decision);
  }

  context(job: ScriptContext['job'], more: Partial<ScriptContext> = {}): ScriptContext {
    const { command } = this.docker;
    return {
      job,
      release: this.release,
      path: this.path,
      project: 'shop',
      docker: sh`env -i PATH=${process.env['PATH'] ?? ''} ${command}`,
      up: (services, { force, createOnly }) => [
        sh`${command} up ${[...(force ? ['--force-recreate'] : []), ...(createOnly ? ['--no-start'] : [])]} -- ${services}`,
      ],
      engineLock: join(this.folder, 'engine-lock'),
      lock: undefined,
      onFailure: job === 'switch' ? 'turn-back' : job === 'revert' ? 'go-on' : 'stop',
      ...more,
    };
  }

  /** Writes a script where the host has it. */
  write(steps: readonly NumberedStep[], context: ScriptContext): void {
    const file = `${this.release.directory}/${context.job}`;
    writeFileSync(file, `${renderScript(context, steps).text}\n`);
    chmodSync(file, 0o700);
  }

  run(job: ScriptContext['job'], shell: Shell = ['sh'], environment: Record<string, string> = {}): Outcome {
    const [command, ...args] = shell;
    const result = spawnSync(command, [...args, `${this.release.directory}/${job}`], {
      encoding: 'utf8',
      // As a durable job is started: in a group of its own, which a fake engine may kill.
      detached: true,
      timeout: 20_000,
      env: { PATH: process.env['PATH'], HOME: this.folder, ...environment },
    } as Parameters<typeof spawnSync>[2]);
    if (result.error !== undefined) throw result.error;
    return { status: result.status, output: `${String(result.stdout)}${String(result.stderr)}` };
  }
}

export function numbered(...steps: readonly Step[]): NumberedStep[] {
  return steps.map((step, index) => ({ number: index + 1, step }));
}

export function text(content: string, mode = 0o644): FileState {
  return { content, mode };
}

function write(file: string, state: FileState): void {
  mkdirSync(dirname(file), { recursive: true });
  rmSync(file, { force: true });
  if ('link' in state) symlinkSync(state.link, file);
  else {
    writeFileSync(file, state.content, 'latin1');
    chmodSync(file, state.mode);
  }
}

function tree(root: string, under: string): [string, FileState][] {
  return readdirSync(join(root, under)).flatMap((name): [string, FileState][] => {
    const path = under === '' ? name : `${under}/${name}`;
    if (path === '.homeport') return [];
    const file = join(root, path);
    const stat = lstatSync(file);
    if (stat.isSymbolicLink()) return [[path, { link: readlinkSync(file) }]];
    if (stat.isDirectory()) return tree(root, path);
    return [[path, { content: readFileSync(file, 'latin1'), mode: stat.mode & 0o777 }]];
  });
}
