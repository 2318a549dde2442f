/** The one SSH connection that all sessions share: OpenSSH's ControlMaster, our own child, watched. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit } from './at-exit.js';
import { TARGET } from './options.js';
import type { PrivateFolder } from './private-folder.js';

/** No ControlMaster in Windows's OpenSSH: there each session is a connection. */
export const CAN_SHARE = process.platform !== 'win32';

export interface MasterStart {
  readonly folder: PrivateFolder;
  readonly config: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

export type MasterAttempt = { readonly master: Master } | { readonly log: string };

/** One attempt to connect and log in: the connection, or what ssh said. */
export async function startMaster(start: MasterStart): Promise<MasterAttempt> {
  const master = new Master(start);
  const deadline = Date.now() + start.timeout;
  while (!existsSync(master.socket)) {
    if (start.signal?.aborted === true || Date.now() > deadline) await master.end();
    if (master.hasEnded) return { log: await master.fullLog() };
    await delay(3);
  }
  return { master };
}

export class Master {
  readonly socket: string;
  readonly #logFile: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  readonly #closed: Promise<void>;
  #hasEnded = false;
  #stderr = '';

  constructor({ folder, config }: MasterStart) {
    this.socket = folder.of('m');
    this.#logFile = folder.of('log');
    rmSync(this.socket, { force: true });
    rmSync(this.#logFile, { force: true });
    // -E and not -v: a persistent connection with -v keeps its stderr open. A bastion's own ssh still writes to stderr.
    const options = ['-o', 'ControlMaster=yes', '-o', `ControlPath=${this.socket}`, '-o', 'ControlPersist=no'];
    this.#child = spawn('ssh', ['-F', config, ...options, '-E', this.#logFile, '-N', '-T', TARGET], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-16_384);
    });
    this.#closed = new Promise((resolve) => {
      this.#child.once('close', () => {
        resolve();
      });
    });
    this.#ended = new Promise((resolve) => {
      const end = (): void => {
        this.#hasEnded = true;
        resolve();
      };
      this.#child.once('exit', end).once('error', (error) => {
        this.#stderr += `ssh could not be started on the runner: ${error.message}\n`;
        end();
      });
    });
  }

  readonly #forgetExit = atExit(() => {
    this.#child.kill();
  });

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** After the end: what ssh said, before it the ssh of a bastion, which may be slower to go. */
  async fullLog(): Promise<string> {
    await Promise.race([this.#closed, delay(300)]);
    return this.#stderr + this.#log;
  }

  /** Whether the connection is lost; waits a moment, since a session notices it first. */
  async isLost(): Promise<boolean> {
    await Promise.race([this.#ended, delay(500)]);
    return this.#hasEnded;
  }

  /** Disconnects; the sessions that are still open end with it. */
  async end(): Promise<void> {
    this.#forgetExit();
    if (this.#hasEnded) return;
    this.#child.kill();
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 1000);
    await this.#ended;
    clearTimeout(patience);
  }

  get #log(): string {
    try {
      return readFileSync(this.#logFile, 'utf8');
    } catch {
      return '';
    }
  }
}
