/** The events of one project as something to iterate over, which ends at once when asked to: also while it waits. */
import type { IncomingMessage } from 'node:http';
import { messageOf } from '../base/errors.js';
import { EngineFailure } from './engine-failure.js';
import { jsonLines } from './engine-streams.js';
import { readEvent } from './engine-answers.js';
import type { EngineEvent } from './engine.js';

export class EventStream implements AsyncIterableIterator<EngineEvent> {
  readonly #values: AsyncGenerator;
  readonly #stop: () => void;
  readonly #host: string;
  #stopped = false;

  constructor(host: string, answer: IncomingMessage, stop: () => void) {
    this.#host = host;
    this.#values = jsonLines(answer);
    this.#stop = stop;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<EngineEvent>> {
    if (this.#stopped) return { done: true, value: undefined };
    try {
      const next = await this.#values.next();
      if (next.done !== true) return { done: false, value: readEvent(next.value) };
      throw new Error('the engine ended it');
    } catch (error) {
      if (this.#isStopped()) return { done: true, value: undefined };
      await this.return();
      throw new EngineFailure(this.#host, 0, `the events of ${this.#host} were lost: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  /** The session is closed, which ends a `next` that still waits. */
  async return(): Promise<IteratorResult<EngineEvent>> {
    if (!this.#stopped) {
      this.#stopped = true;
      this.#stop();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  /** It may have been stopped while `next` waited. */
  #isStopped(): boolean {
    return this.#stopped;
  }
}
