/** How many command sessions may be open on one connection: sshd refuses more than its MaxSessions, so the others wait. */

export class Slots {
  #limit: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Waits for a slot; what it resolves with gives it back (once). @throws the signal's reason when it aborts while waiting. */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken < this.#limit && this.#waiting.length === 0) this.#taken += 1;
    else await this.#turn(signal);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#taken -= 1;
      this.#wake();
    };
  }

  /** The server takes no more than are open now: it refused one more, whose slot is given back. @returns whether any is. */
  learnRefusal(): boolean {
    this.#limit = Math.max(1, Math.min(this.#limit, this.#taken));
    return this.#taken > 0;
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        signal?.removeEventListener('abort', leave);
        this.#taken += 1;
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.#waiting.push(turn);
    });
  }

  #wake(): void {
    while (this.#taken < this.#limit) {
      const turn = this.#waiting.shift();
      if (turn === undefined) return;
      turn();
    }
  }
}
