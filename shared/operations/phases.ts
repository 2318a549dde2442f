/** The phases of one run: each a group in the log, its time taken, the one that failed remembered. */
import type { Log } from '../base/log.js';
import type { PhaseTime } from './result.js';

export class Phases {
  readonly #log: Log;
  readonly #times: PhaseTime[] = [];
  readonly #started = performance.now();
  #current = 'start';
  #told: (phase: string) => void = () => undefined;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The phase that runs now, or that failed last. */
  get current(): string {
    return this.#current;
  }

  get times(): readonly PhaseTime[] {
    return this.#times;
  }

  /** Milliseconds since the run began. */
  get elapsed(): number {
    return Math.round(performance.now() - this.#started);
  }

  /** Tells each phase as it begins: those who wait for the lock hear what it is held for. */
  tell(told: (phase: string) => void): void {
    this.#told = told;
  }

  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#current = name;
    this.#told(name);
    const begun = performance.now();
    try {
      return await this.#log.phase(name, work);
    } finally {
      this.#times.push({ name, duration: Math.round(performance.now() - begun) });
    }
  }
}
