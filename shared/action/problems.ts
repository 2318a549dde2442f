/** Collects what is wrong in several places, so that a person reads all of it at once and repairs it at once. */
import { UserError, type Problem } from '../base/errors.js';

export class Problems {
  readonly #found: Problem[] = [];

  add(...problems: readonly (string | Problem)[]): void {
    this.#found.push(...problems.map((problem) => (typeof problem === 'string' ? { message: problem } : problem)));
  }

  /** What `read` returns; undefined when a person wrote something wrong, which is kept for throwIfAny. */
  attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      this.add(...error.problems);
      return undefined;
    }
  }

  /** @throws UserError with everything that was found */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new UserError(this.#found);
  }
}
