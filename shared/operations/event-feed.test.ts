import { expect, test } from '@jest/globals';
import { engineWith } from '../../test/support/stack.js';
import type { EngineEvent } from '../host/engine.js';
import { EventFeed } from './event-feed.js';

class Stream implements AsyncIterableIterator<EngineEvent> {
  #waiting: ((result: IteratorResult<EngineEvent>) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<EngineEvent>> {
    return new Promise((resolve, reject) => {
      this.#waiting = resolve;
      this.#fail = reject;
    });
  }

  async return(): Promise<IteratorResult<EngineEvent>> {
    this.#waiting?.({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  say(value: EngineEvent): void {
    this.#waiting?.({ done: false, value });
  }

  lose(): void {
    this.#fail?.(new Error('lost'));
  }
}

const die: EngineEvent = { time: 1, service: 'web', container: 'c', action: 'die' };

test('an event wakes all who wait for one, and is kept', async () => {
  const stream = new Stream();
  const feed = await EventFeed.open(engineWith({ events: async () => Promise.resolve(stream) }), 'shop');
  const woken = Promise.all([feed.next(), feed.next()]);
  stream.say(die);
  await woken;
  expect(feed.seen).toEqual([die]);
  await feed.close();
});

test('events that are lost stop nothing', async () => {
  const stream = new Stream();
  const feed = await EventFeed.open(engineWith({ events: async () => Promise.resolve(stream) }), 'shop');
  stream.lose();
  await feed.close();
  expect(feed.seen).toEqual([]);
});
