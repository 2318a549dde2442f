/** One script run in one session: its program, its payload, its marks, its end. Knows nothing of how the channel is made. */
import { randomBytes } from 'node:crypto';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { formatDuration } from '../base/duration.js';
import type { RunOptions, RunResult } from './host-shell.js';
import { MarkedOutput, type Mark } from './marked-output.js';
import { sendPayload } from './payload.js';
import { runProgram } from './program.js';
import type { ShellText } from './shell-text.js';

/** A background child may hold the streams for ever: so long after the script's end, we leave. */
const GRACE = 1000;
/** How long the host may take to end a process group (TERM, two seconds, KILL) and to say so. */
const ENDING = 4000;

export interface SessionSetup {
  /** Starts `/bin/sh` on the host, its program on standard input. */
  readonly start: () => ChildProcessWithoutNullStreams;
  readonly script: ShellText;
  readonly shell: string;
  readonly checkGroup: boolean;
  readonly options: RunOptions;
  /** The channel is closed: it counts no longer. May come after the result. */
  readonly onClosed: () => void;
}

export type SessionEnd =
  | { readonly kind: 'ended'; readonly result: RunResult }
  /** The shell there does not lead its process group: nothing was run. */
  | { readonly kind: 'group' }
  /** No status came. `began` tells whether the script had begun; `stderr` is the last that was heard, of ssh or of the script. */
  | { readonly kind: 'broken'; readonly began: boolean; readonly stderr: string; readonly stdout: string }
  | { readonly kind: 'stopped'; readonly why: string; readonly confirmed: boolean; readonly result: RunResult }
  | { readonly kind: 'payload'; readonly error: unknown };

export function newNonce(): string {
  return randomBytes(16).toString('hex');
}

/** Never rejects for what happens on the host or on the way to it: the caller knows how to name it. */
export async function runSession(setup: SessionSetup): Promise<SessionEnd> {
  return new Session(setup).finished;
}

class Session {
  readonly finished: Promise<SessionEnd>;
  #finish: (end: SessionEnd) => void = () => undefined;
  readonly #setup: SessionSetup;
  readonly #channel: ChildProcessWithoutNullStreams;
  readonly #stdout: MarkedOutput;
  readonly #stderr: MarkedOutput;
  readonly #payloadStop = new AbortController();
  readonly #timers = new Set<NodeJS.Timeout>();
  #sending: Promise<void> = Promise.resolve();
  #began = false;
  #status: number | undefined;
  #stdoutEnded = false;
  #stopped: string | undefined;
  #payloadError: { readonly error: unknown } | undefined;
  readonly #abort = (): void => {
    this.#stop('it was cancelled');
  };

  constructor(setup: SessionSetup) {
    this.#setup = setup;
    this.finished = new Promise((resolve) => (this.#finish = resolve));
    const { options, script, shell, checkGroup } = setup;
    const nonce = newNonce();
    this.#stdout = new MarkedOutput(
      nonce,
      (mark) => {
        this.#hearStdout(mark);
      },
      options.onStdout,
    );
    this.#stderr = new MarkedOutput(
      nonce,
      (mark) => {
        this.#hear(mark);
      },
      options.onStderr,
    );
    this.#channel = setup.start();
    this.#listen();
    const payload = options.stdin !== undefined;
    this.#channel.stdin.write(runProgram({ nonce, script, shell, checkGroup, payload }).text);
    if (options.timeout !== undefined) {
      const limit = options.timeout;
      this.#after(limit, () => {
        this.#stop(`it took longer than ${formatDuration(limit)}`);
      });
    }
    options.signal?.addEventListener('abort', this.#abort, { once: true });
    if (options.signal?.aborted === true) this.#abort();
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#channel;
    // A broken pipe is told by the channel's end.
    stdin.on('error', () => undefined);
    stdout.on('error', () => undefined);
    stderr.on('error', () => undefined);
    stdout.on('data', (chunk: Buffer) => {
      this.#stdout.write(chunk);
    });
    stderr.on('data', (chunk: Buffer) => {
      this.#stderr.write(chunk);
    });
    this.#channel.on('error', (error) => {
      this.#stderr.write(Buffer.from(`${error.message}\n`));
      this.#lose();
    });
    this.#channel.on('exit', () => {
      this.#after(GRACE, () => {
        this.#lose();
      });
    });
    this.#channel.on('close', () => {
      this.#lose();
    });
  }

  #hear(mark: Mark): void {
    if (mark === 'begin') {
      this.#began = true;
      if (this.#setup.options.stdin !== undefined) this.#sending = this.#send(this.#setup.options.stdin);
    } else if (mark === 'group') {
      this.#end({ kind: 'group' });
    } else if (mark === 'frame') {
      this.#payloadError ??= {
        error: new Error('dd on the host does not know iflag=fullblock, which is needed to send it data'),
      };
      this.#stop('its input could not be sent');
    } else {
      this.#status = Number(mark);
      if (this.#stdoutEnded) this.#complete();
      else
        this.#after(GRACE, () => {
          this.#complete();
        });
    }
  }

  #hearStdout(mark: Mark): void {
    if (mark === 'begin' || mark === 'group' || mark === 'frame') return;
    this.#stdoutEnded = true;
    if (this.#status !== undefined) this.#complete();
  }

  async #send(payload: NonNullable<RunOptions['stdin']>): Promise<void> {
    try {
      await sendPayload(this.#channel.stdin, payload, this.#payloadStop.signal);
    } catch (error) {
      this.#payloadError ??= { error };
      this.#stop('its input could not be read');
    }
  }

  /** Closes the channel: the watcher on the host ends the script, and we wait to hear of it. */
  #stop(why: string): void {
    if (this.#stopped !== undefined) return;
    this.#stopped = why;
    this.#payloadStop.abort();
    this.#channel.stdin.destroy();
    this.#after(ENDING, () => {
      this.#channel.kill('SIGKILL');
      this.#lose();
    });
  }

  #complete(): void {
    if (this.#stopped !== undefined) this.#end(this.#stoppedEnd(this.#stopped, true));
    else this.#end({ kind: 'ended', result: this.#result });
  }

  #lose(): void {
    this.#stdout.end();
    this.#stderr.end();
    if (this.#status !== undefined) this.#complete();
    else if (this.#stopped !== undefined) this.#end(this.#stoppedEnd(this.#stopped, false));
    else {
      const stderr = this.#began ? this.#stderr.text : this.#stderr.textBefore;
      const stdout = this.#began ? this.#stdout.text : this.#stdout.textBefore;
      this.#end({ kind: 'broken', began: this.#began, stderr, stdout });
    }
  }

  #stoppedEnd(why: string, confirmed: boolean): SessionEnd {
    if (this.#payloadError !== undefined) return { kind: 'payload', error: this.#payloadError.error };
    return { kind: 'stopped', why, confirmed, result: this.#result };
  }

  get #result(): RunResult {
    return { status: this.#status ?? -1, stdout: this.#stdout.text, stderr: this.#stderr.text };
  }

  #end(end: SessionEnd): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#setup.options.signal?.removeEventListener('abort', this.#abort);
    this.#finish(end);
    void this.#leave();
  }

  /** The channel closes by itself unless a left-over child holds it. */
  async #leave(): Promise<void> {
    const channel = this.#channel;
    const gone = (): boolean => channel.exitCode !== null || channel.signalCode !== null || channel.pid === undefined;
    const close = (): void => {
      clearTimeout(timer);
      channel.stdout.destroy();
      channel.stderr.destroy();
      this.#setup.onClosed();
    };
    const timer = setTimeout(() => {
      channel.kill('SIGKILL');
      close();
    }, GRACE);
    if (gone()) close();
    else channel.once('exit', close);
    this.#payloadStop.abort();
    await this.#sending;
    if (!channel.stdin.destroyed) channel.stdin.end(this.#setup.options.stdin === undefined ? '' : 'bye\n');
  }

  #after(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, milliseconds);
    this.#timers.add(timer);
  }
}
