/**
 * One operation at a time in a project's folder. The lock lives in one session on the host that ends with this process or
 * its connection; who finds it dead, and no job of it alive, takes over.
 */
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { HostFailure, UserError } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import type { RunResult } from '../ssh/host-shell.js';
import type { Layout } from './layout.js';
import { describeHolder, LockSpeech, takenOver, timeoutMessage, waitMessage, type LockHolder } from './lock-speech.js';
import { lockText, LOST, TIMED_OUT } from './lock-script.js';

export interface LockOwner {
  readonly operation: string;
  readonly actor: string;
  readonly runUrl: string;
  readonly reason: string;
}

export interface LockOptions {
  readonly owner: LockOwner;
  /** Milliseconds to wait for it. */
  readonly timeout: number;
  /** The token of a lock to take over while its run still seems alive. */
  readonly forceUnlock?: string;
  /** Told once for each holder and each phase of it, and when a lock was taken over. */
  readonly onWait?: (message: string) => void;
  /** Ends the waiting. Once the lock is held it is released, never dropped. */
  readonly signal?: AbortSignal;
  /** A new one unless given. */
  readonly token?: string;
}

export interface Lock {
  /** Every step on the host compares it with the lock's. */
  readonly token: string;
  /** Whose lock was taken over, because that run was gone or by force. */
  readonly tookOver: LockHolder | undefined;
  /** Aborts when the lock is not ours any more: its session broke, or somebody took it over. */
  readonly lost: AbortSignal;
  /** Tells those who wait what is being done. */
  phase(name: string): void;
  /** Takes away only what is ours. Never throws: a lock whose session is gone is nobody's. */
  release(): Promise<void>;
}

/** Milliseconds between two signs of life. */
const HEARTBEAT = 15_000;
/** Seconds: a silent network takes that long to be noticed. */
const LEASE = 300;
const RELEASE_LIMIT = 10_000;

/** @throws UserError when the time is over, naming who has it; HostFailure when the host cannot keep a lock */
export async function acquireLock(shell: HostShell, layout: Layout, options: LockOptions): Promise<Lock> {
  const token = options.token ?? randomBytes(6).toString('hex');
  const holding = new Holding(shell, layout, { ...options, token });
  await holding.taken;
  return holding;
}

class Holding implements Lock {
  readonly token: string;
  readonly taken: Promise<void>;
  tookOver: LockHolder | undefined;
  readonly #shell: HostShell;
  readonly #options: LockOptions & { readonly token: string };
  readonly #path: string;
  readonly #words = new PassThrough();
  readonly #lost = new AbortController();
  readonly #stop = new AbortController();
  readonly #ended: Promise<RunResult | Error>;
  #holder: LockHolder | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #isTaken: () => void = () => undefined;
  #releasing = false;
  #told = '';

  constructor(shell: HostShell, layout: Layout, options: LockOptions & { readonly token: string }) {
    this.token = options.token;
    this.#shell = shell;
    this.#options = options;
    this.#path = layout.path;
    const taken = new Promise<void>((resolve) => (this.#isTaken = resolve));
    this.#ended = this.#hold(layout);
    this.taken = Promise.race([
      taken,
      this.#ended.then((end) => {
        this.#refuse(end);
      }),
    ]);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  phase(name: string): void {
    this.#say(`phase ${name.replaceAll(/\s+/g, ' ')}`);
  }

  async release(): Promise<void> {
    if (this.#releasing) return;
    this.#releasing = true;
    clearInterval(this.#heartbeat);
    const limit = setTimeout(() => {
      this.#stop.abort();
    }, RELEASE_LIMIT);
    this.#words.end('release\n');
    await this.#ended;
    clearTimeout(limit);
  }

  async #hold(layout: Layout): Promise<RunResult | Error> {
    const { owner, token, timeout, forceUnlock, signal } = this.#options;
    const speech = new LockSpeech({
      held: (holder) => {
        this.#wait(holder);
      },
      over: (holder) => {
        this.tookOver = holder;
      },
      taken: () => {
        this.#begin();
      },
    });
    const script = lockText(layout, {
      ...owner,
      token,
      wait: Math.max(0, Math.ceil(timeout / 1000)),
      force: forceUnlock ?? '',
      lease: LEASE,
    });
    const stop = (): void => {
      this.#stop.abort();
    };
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted === true) stop();
    this.#forgetSignal = () => signal?.removeEventListener('abort', stop);
    try {
      return await this.#shell.run(script, {
        stdin: this.#words,
        signal: this.#stop.signal,
        onStdout: (line) => {
          speech.hear(line);
        },
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#forgetSignal();
      clearInterval(this.#heartbeat);
      if (!this.#releasing)
        this.#lost.abort(
          new HostFailure(
            this.#shell.name,
            "the lock is not this run's any more: its session ended, or another run took it over",
          ),
        );
    }
  }

  #forgetSignal: () => void = () => undefined;

  #begin(): void {
    this.#forgetSignal();
    this.#heartbeat = setInterval(() => {
      this.#say('beat');
    }, HEARTBEAT);
    this.#heartbeat.unref();
    if (this.tookOver !== undefined) {
      this.#options.onWait?.(takenOver(this.#path, this.#shell.name, this.tookOver, this.#options.forceUnlock));
    }
    this.#isTaken();
  }

  #wait(holder: LockHolder): void {
    this.#holder = holder;
    const what = describeHolder(holder);
    if (what === this.#told) return;
    this.#told = what;
    this.#options.onWait?.(waitMessage(this.#path, this.#shell.name, holder, this.#options.forceUnlock));
  }

  #say(word: string): void {
    if (!this.#words.writableEnded && !this.#lost.signal.aborted) this.#words.write(`${word}\n`);
  }

  /** How the session ended that was to hold the lock, when it never did. */
  #refuse(end: RunResult | Error): void {
    if (end instanceof Error) throw end;
    if (end.status === TIMED_OUT && this.#holder !== undefined) {
      throw new UserError(timeoutMessage(this.#path, this.#shell.name, this.#holder, this.#options.timeout));
    }
    // Held, and over already: what comes next meets the lost lock.
    if (end.status === LOST || end.status === 0) return;
    const said = end.stderr.split('\n').filter((line) => line !== '');
    throw new HostFailure(
      this.#shell.name,
      `no lock can be kept in ${this.#path} on ${this.#shell.name}: ${said.at(-1) ?? `exit status ${end.status}`}`,
      said,
    );
  }
}
