/** The engine's events of one project, kept from before the switch: they tell the downtime, and wake the health gate. */
import type { Engine } from '../host/engine.js';
import type { ContainerEvent } from './downtime.js';

export class EventFeed {
  readonly seen: ContainerEvent[] = [];
  /** Events may be missing: what is told from them would be less than what was. */
  lost = false;
  #wake: (() => void)[] = [];
  readonly #events: AsyncIterator<ContainerEvent>;
  readonly #reading: Promise<void>;

  private constructor(events: AsyncIterator<ContainerEvent>) {
    this.#events = events;
    this.#reading = this.#read();
  }

  static async open(engine: Engine, project: string): Promise<EventFeed> {
    const events = await engine.events({ project });
    return new EventFeed(events[Symbol.asyncIterator]());
  }

  /** Resolves at the next event. */
  async next(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  async close(): Promise<void> {
    await this.#events.return?.();
    await this.#reading;
  }

  async #read(): Promise<void> {
    try {
      for (let next = await this.#events.next(); next.done !== true; next = await this.#events.next()) {
        this.seen.push(next.value);
        const woken = this.#wake;
        this.#wake = [];
        for (const wake of woken) wake();
      }
    } catch {
      // Without events the gate still looks by itself, and the downtime is not told.
      this.lost = true;
    }
  }
}
