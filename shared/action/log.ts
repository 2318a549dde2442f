/**
 * The log of a run in GitHub's interface. Quiet while all is well: one line for each phase, what hosts print folded away
 * beneath it. Nothing that came from outside can speak to the runner, and everything goes through the redactor.
 */
import { debug, endGroup, startGroup, warning } from '@actions/core';
import { randomUUID } from 'node:crypto';
import { EOL } from 'node:os';
import { formatDuration } from '../base/duration.js';
import { describeProblem } from '../base/errors.js';
import type { Log, Place } from '../base/log.js';
import { annotationAt } from './annotation.js';
import type { Redactor } from '../base/redactor.js';

/** GitHub shows ten warnings of a step, and drops the others without a word. */
const MOST_WARNINGS = 10;
/** Enough to see what led to a failure. */
const MOST_DETAILS = 200;

export class ActionLog implements Log {
  readonly #redactor: Redactor;
  readonly #warned = new Set<string>();
  #phase: { readonly name: string; readonly details: string[] } | undefined;
  #lastPhase: string | undefined;
  #groupOpen = false;
  #fence: string | undefined;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** The phase that began last; undefined before the first. */
  get lastPhase(): string | undefined {
    return this.#lastPhase;
  }

  info(line: string): void {
    this.#closeGroup();
    this.#print(line);
  }

  debug(line: string): void {
    const text = this.#redactor.redact(line);
    const details = this.#phase?.details;
    if (details !== undefined && details.push(text) > MOST_DETAILS) details.shift();
    this.#openCommands();
    debug(text);
  }

  warning(line: string, place: Place = {}): void {
    const text = this.#redactor.redact(describeProblem({ ...place, message: line }));
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    this.#closeGroup();
    if (this.#warned.size <= MOST_WARNINGS) warning(text, annotationAt(place));
    else this.#print(`warning: ${text}`);
  }

  output(line: string): void {
    this.#openGroup();
    this.#writeFenced(this.#redactor.redact(line));
  }

  async phase<T>(name: string, work: () => Promise<T>): Promise<T> {
    const outer = this.#phase;
    const own = { name, details: [] as string[] };
    const started = performance.now();
    const took = (): string => formatDuration(performance.now() - started);
    this.#closeGroup();
    this.#phase = own;
    this.#lastPhase = name;
    try {
      const result = await work();
      this.info(`✓ ${name} (${took()})`);
      return result;
    } catch (error) {
      this.#showDetails(own);
      this.info(`✗ ${name} (${took()})`);
      throw error;
    } finally {
      this.#phase = outer;
    }
  }

  /** Ends what is open, so that the next line of anyone is a plain one. */
  close(): void {
    this.#closeGroup();
  }

  /** What was not worth a line before is what a failure is understood by. */
  #showDetails({ name, details }: { readonly name: string; readonly details: readonly string[] }): void {
    if (details.length === 0) return;
    this.#closeGroup();
    startGroup(`${name}: details`);
    this.#groupOpen = true;
    for (const line of details) this.#writeFenced(line);
  }

  #openGroup(): void {
    if (this.#groupOpen || this.#phase === undefined) return;
    this.#openCommands();
    startGroup(`${this.#phase.name}: output`);
    this.#groupOpen = true;
  }

  #closeGroup(): void {
    this.#openCommands();
    if (this.#groupOpen) endGroup();
    this.#groupOpen = false;
  }

  /** A line of ours; one that quotes something which looks like a command is fenced like any foreign one. */
  #print(line: string): void {
    const text = this.#redactor.redact(line);
    if (/(^|[\r\n])\s*::|##\[/.test(text)) this.#writeFenced(text);
    else this.#write(text);
    this.#openCommands();
  }

  #writeFenced(text: string): void {
    if (this.#fence === undefined) {
      // Random, so that nothing foreign can end it.
      this.#fence = randomUUID();
      this.#write(`::stop-commands::${this.#fence}`);
    }
    this.#write(text);
  }

  #openCommands(): void {
    if (this.#fence !== undefined) this.#write(`::${this.#fence}::`);
    this.#fence = undefined;
  }

  #write(text: string): void {
    process.stdout.write(text + EOL);
  }
}
