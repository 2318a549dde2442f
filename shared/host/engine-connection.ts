/**
 * The way to an engine: at most three sessions, the first at once, the others only when a request has waited for a while.
 * Quick questions follow each other on one session; slow pulls and registry look-ups get company.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { HostFailure } from '../base/errors.js';
import { EngineFailure } from './engine-failure.js';
import { Lane, type EngineRequest } from './engine-lane.js';

export interface ConnectionOptions {
  readonly lanes?: number;
  /** Milliseconds that a request waits for a session before another one is opened. */
  readonly patience?: number;
  /** Milliseconds during which reads are asked again while the engine does not answer: it may be restarting. */
  readonly restart?: number;
}

export class EngineConnection {
  readonly host: string;
  readonly #open: () => Promise<Duplex>;
  readonly #limit: number;
  readonly #patience: number;
  readonly #restart: number;
  readonly #idle: Lane[] = [];
  readonly #busy = new Set<Lane>();
  readonly #apart = new Set<Lane>();
  readonly #waiting: ((lane: Lane | undefined) => void)[] = [];
  #opening = 0;
  #closed = false;

  constructor(host: string, open: () => Promise<Duplex>, options: ConnectionOptions = {}) {
    this.host = host;
    this.#open = open;
    this.#limit = options.lanes ?? 3;
    this.#patience = options.patience ?? 100;
    this.#restart = options.restart ?? 15_000;
  }

  /** Sessions that are open now. */
  get sessions(): number {
    return this.#idle.length + this.#busy.size + this.#apart.size;
  }

  /**
   * Asks, and gives the answer to `read`, which reads its body to the end.
   * @throws EngineFailure for an answer of 400 and above
   */
  async ask<T>(request: EngineRequest, read: (answer: IncomingMessage) => Promise<T>): Promise<T> {
    const giveUp = performance.now() + this.#restart;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#askOnce(request, read);
      } catch (error) {
        const again = request.method === 'GET' && isInterruption(error) && !this.#closed && performance.now() < giveUp;
        if (!again) throw this.#named(error);
        if (attempt > 0) await delay(500, undefined, request.signal === undefined ? {} : { signal: request.signal });
      }
    }
  }

  /** A session of its own, for an answer that does not end by itself. The lane is the caller's to close. */
  async askApart(request: EngineRequest): Promise<{ answer: IncomingMessage; lane: Lane }> {
    this.#refuseClosed();
    const lane = new Lane(await this.#open());
    this.#apart.add(lane);
    try {
      const answer = await lane.send(request);
      await refuseError(this.host, answer);
      return { answer, lane };
    } catch (error) {
      this.leave(lane);
      throw this.#named(error);
    }
  }

  leave(lane: Lane): void {
    this.#apart.delete(lane);
    lane.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const lane of [...this.#idle.splice(0), ...this.#busy, ...this.#apart]) lane.close();
    this.#apart.clear();
    for (const wake of this.#waiting.splice(0)) wake(undefined);
    return Promise.resolve();
  }

  async #askOnce<T>(request: EngineRequest, read: (answer: IncomingMessage) => Promise<T>): Promise<T> {
    const lane = await this.#take();
    let done = false;
    try {
      const answer = await lane.send(request);
      await refuseError(this.host, answer);
      const result = await read(answer);
      done = true;
      return result;
    } catch (error) {
      // The engine's own refusal was read to its end: the session is as good as before.
      done = error instanceof EngineFailure && error.status >= 400;
      throw error;
    } finally {
      this.#giveBack(lane, done);
    }
  }

  async #take(): Promise<Lane> {
    for (;;) {
      this.#refuseClosed();
      const lane = this.#idle.pop();
      if (lane === undefined) break;
      if (lane.usable) {
        this.#busy.add(lane);
        return lane;
      }
      lane.close();
    }
    if (this.#busy.size + this.#opening === 0) return this.#openLane();
    return this.#wait();
  }

  async #openLane(): Promise<Lane> {
    this.#opening += 1;
    try {
      const lane = new Lane(await this.#open());
      if (this.#closed) {
        lane.close();
        this.#refuseClosed();
      }
      this.#busy.add(lane);
      return lane;
    } catch (error) {
      // Whoever waited for this session looks again.
      this.#waiting.shift()?.(undefined);
      throw error;
    } finally {
      this.#opening -= 1;
    }
  }

  async #wait(): Promise<Lane> {
    let resolve: (lane: Lane | undefined) => void = () => undefined;
    const promise = new Promise<Lane | undefined>((done) => (resolve = done));
    this.#waiting.push(resolve);
    const impatient = setTimeout(() => {
      if (this.#busy.size + this.#opening >= this.#limit) return;
      const place = this.#waiting.indexOf(resolve);
      if (place >= 0) this.#waiting.splice(place, 1);
      this.#openLane().then(resolve, () => {
        // One session more was not to be had: the ones that are there will do.
        this.#waiting.unshift(resolve);
        if (this.#busy.size + this.#opening === 0) this.#waiting.shift()?.(undefined);
      });
    }, this.#patience);
    const lane = await promise;
    clearTimeout(impatient);
    return lane ?? this.#take();
  }

  #giveBack(lane: Lane, good: boolean): void {
    this.#busy.delete(lane);
    if (!good || !lane.usable || this.#closed) {
      lane.close();
      this.#waiting.shift()?.(undefined);
      return;
    }
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(lane);
    else {
      this.#busy.add(lane);
      next(lane);
    }
  }

  #refuseClosed(): void {
    if (this.#closed) throw new HostFailure(this.host, 'the connection to the Docker Engine is already closed');
  }

  #named(error: unknown): unknown {
    if (error instanceof HostFailure || !isBrokenSession(error)) return error;
    return new EngineFailure(this.host, 0, `the Docker Engine on ${this.host} did not answer: ${error.message}`, {
      cause: error,
    });
  }
}

/** The engine is not there (now), or its session broke: not what the engine refuses, and not a lost SSH connection. */
function isInterruption(error: unknown): boolean {
  if (error instanceof EngineFailure) return false;
  if (error instanceof HostFailure) {
    return /docker daemon|docker\.sock|raw stream/i.test(error.message) && !/permission denied/i.test(error.message);
  }
  return isBrokenSession(error);
}

/** Node's own errors have a code: ECONNRESET, EPIPE. */
function isBrokenSession(error: unknown): error is { message: string } {
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error)) return false;
  return !('name' in error && error.name === 'AbortError');
}

async function refuseError(host: string, answer: IncomingMessage): Promise<void> {
  const status = answer.statusCode ?? 0;
  if (status < 400) return;
  const text = await bodyText(answer);
  throw new EngineFailure(host, status, engineMessage(text) ?? `the Docker Engine answered ${status}`);
}

export async function bodyText(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of answer) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

function engineMessage(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && 'message' in parsed && typeof parsed.message === 'string') {
      return parsed.message.trim();
    }
  } catch {
    // Not the engine's JSON: shown as it is.
  }
  return text.trim() === '' ? undefined : text.trim();
}
