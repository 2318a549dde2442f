/** A HostShell over any link that can start a shell there: queueing, counting, and what each way of ending means. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { HostFailure, messageOf } from '../base/errors.js';
import { openDuplex } from './duplex.js';
import type { HostShell, RunOptions, RunResult } from './host-shell.js';
import { runSession, type SessionEnd } from './session.js';
import type { ShellText } from './shell-text.js';
import { Slots } from './slots.js';

/** How to start a shell on the other side, and what is known when it ends without a word. */
export interface Link {
  readonly name: string;
  /** Sessions that may run at once. Streams of `duplex` are not among them: they last, and would starve the others. */
  readonly atOnce: number;
  /**
   * Starts `/bin/sh`, which reads its program from its standard input. `grouped`: in a process group of its own, where
   * the server does not see to that. `apart`: not over the shared connection, which takes no more.
   */
  start(how: { readonly grouped: boolean; readonly apart: boolean }): ChildProcessWithoutNullStreams;
  /** The server refused one more session on the shared connection. */
  isRefusal(stderr: string): boolean;
  /** Why a session ended without a status, as the end of a sentence. */
  explain(began: boolean): Promise<string>;
  close(): Promise<void>;
}

export class ShellOfLink implements HostShell {
  readonly #link: Link;
  readonly #slots: Slots;
  readonly #shell: string;
  readonly #open = new Set<ChildProcessWithoutNullStreams>();
  #sessions = 0;
  #grouped: 'unknown' | 'by-server' | 'by-us' = 'unknown';
  readonly #end = new AbortController();
  #closing: Promise<void> | undefined;

  constructor(link: Link, shell = '/bin/sh') {
    this.#link = link;
    this.#shell = shell;
    this.#slots = new Slots(link.atOnce);
  }

  get name(): string {
    return this.#link.name;
  }

  get sessions(): number {
    return this.#sessions;
  }

  async run(script: ShellText, options: RunOptions = {}): Promise<RunResult> {
    const signal = AbortSignal.any([this.#end.signal, ...(options.signal === undefined ? [] : [options.signal])]);
    let refusals = 0;
    let apart = false;
    for (;;) {
      const end = await this.#session(script, { ...options, signal }, apart);
      if (end.kind === 'ended') {
        if (this.#grouped === 'unknown') this.#grouped = 'by-server';
        return end.result;
      }
      if (end.kind === 'group' && this.#grouped !== 'by-us') this.#grouped = 'by-us';
      else if (end.kind === 'broken' && !end.began && !apart && this.#link.isRefusal(end.stderr)) {
        this.#sessions -= 1;
        refusals += 1;
        // With no other session to wait for, streams hold what the server takes: then a connection of its own.
        apart = !this.#slots.learnRefusal() && refusals > 1;
      } else throw await this.#failure(end);
    }
  }

  async duplex(script: ShellText): Promise<Duplex> {
    this.#refuseClosed();
    const open = async (apart: boolean): Promise<Duplex> =>
      openDuplex({
        host: this.name,
        start: () => this.#start(apart),
        script,
        shell: this.#shell,
        onClosed: () => undefined,
      });
    try {
      return await open(false);
    } catch (error) {
      if (!(error instanceof HostFailure) || !this.#link.isRefusal(error.message)) throw error;
      return await open(true);
    }
  }

  async close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    await this.#closing;
  }

  async #session(script: ShellText, options: RunOptions, apart: boolean): Promise<SessionEnd> {
    this.#refuseClosed();
    const free = await this.#slot(options.signal);
    try {
      return await runSession({
        start: () => this.#start(apart),
        script,
        shell: this.#shell,
        checkGroup: this.#grouped === 'unknown',
        options,
        onClosed: free,
      });
    } catch (error) {
      free();
      throw error;
    }
  }

  async #slot(signal: AbortSignal | undefined): Promise<() => void> {
    try {
      return await this.#slots.take(signal);
    } catch (error) {
      throw new HostFailure(this.name, `${this.name}: a command was cancelled before it began`, [], { cause: error });
    }
  }

  #start(apart: boolean): ChildProcessWithoutNullStreams {
    this.#sessions += 1;
    const channel = this.#link.start({ grouped: this.#grouped === 'by-us', apart });
    this.#open.add(channel);
    channel.once('exit', () => this.#open.delete(channel)).once('error', () => this.#open.delete(channel));
    return channel;
  }

  async #failure(end: Exclude<SessionEnd, { kind: 'ended' }>): Promise<HostFailure> {
    const host = this.name;
    switch (end.kind) {
      case 'group':
        return new HostFailure(
          host,
          `${host}: its SSH server runs all sessions in one process group, and setsid did not help: commands there could not be ended safely`,
        );
      case 'payload':
        return new HostFailure(host, `${host}: a command was ended: ${messageOf(end.error)}`, [], { cause: end.error });
      case 'stopped': {
        const certain = end.confirmed
          ? 'its processes there were ended'
          : 'whether its processes there have ended is not known';
        return new HostFailure(
          host,
          `${host}: a command was stopped because ${end.why}; ${certain}`,
          lastLines(end.result.stderr),
        );
      }
      case 'broken': {
        const last = lastLines(end.stderr === '' ? end.stdout : end.stderr);
        return new HostFailure(host, `${host}: ${await this.#link.explain(end.began)}`, last);
      }
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new HostFailure(this.name, `${this.name}: the connection is already closed`);
  }

  /** What still runs loses its channel, and with that the host ends it. */
  async #closeAll(): Promise<void> {
    this.#end.abort();
    const ending = [...this.#open].map(async (channel) => {
      channel.stdin.destroy();
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          channel.kill('SIGKILL');
          resolve();
        }, 500);
        channel.once('exit', () => {
          clearTimeout(timer);
          resolve();
        });
      });
    });
    await Promise.all(ending);
    await this.#link.close();
  }
}

function lastLines(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-10);
}
