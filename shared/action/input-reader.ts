/** Reads the inputs of an action, each once and typed. What it was not asked for is unknown, and an unknown input fails the step. */
import { getInput } from '@actions/core';
import { parseDuration } from '../base/duration.js';
import { nearest } from '../base/nearest.js';
import type { Problems } from './problems.js';

const PREFIX = 'INPUT_';

export class InputReader {
  readonly #problems: Problems;
  readonly #known = new Set<string>();

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** The inputs that were asked for, which are those that the action knows. */
  get known(): readonly string[] {
    return [...this.#known];
  }

  /** Without blanks around it; undefined when it is empty, which is the same as not given. */
  text(name: string): string | undefined {
    return this.#given(name)?.trim();
  }

  /** To the last character as it was given: dotenv text and keys are read elsewhere. */
  verbatim(name: string): string | undefined {
    return this.#given(name);
  }

  /** Verbatim. Blank text that was given is a secret that is not set: `env: |` with nothing but `${{ secrets.ENV }}` below it. */
  secretText(name: string): string {
    const given = this.verbatim(name);
    if (given === undefined && getInput(name, { trimWhitespace: false }) !== '') {
      this.#problems.add(
        `${name} is given but blank: is its secret set, and does the job name the environment that holds it? Remove the input if nothing is meant`,
      );
    }
    return given ?? '';
  }

  /** Strictly `true` or `false`: whoever writes `yes` learns that it would have been ignored. */
  flag(name: string): boolean {
    const given = this.text(name);
    if (given === undefined) return false;
    if (/^(true|True|TRUE)$/.test(given)) return true;
    if (!/^(false|False|FALSE)$/.test(given)) this.#problems.add(`${name} must be true or false, not "${given}"`);
    return false;
  }

  /** One of `choices`; the first is the default. */
  choice<const T extends string>(name: string, choices: readonly [T, ...T[]]): T {
    const given = this.text(name);
    if (given === undefined) return choices[0];
    const chosen = choices.find((choice) => choice === given);
    if (chosen !== undefined) return chosen;
    const near = nearest(given, choices);
    const hint = near === undefined ? '' : `; did you mean "${near}"?`;
    this.#problems.add(`${name} must be ${choices.join(' or ')}, not "${given}"${hint}`);
    return choices[0];
  }

  /** Milliseconds. */
  duration(name: string, otherwise: string): number {
    const given = this.text(name) ?? otherwise;
    const duration = parseDuration(given);
    if (duration === undefined) this.#problems.add(`${name} must be a duration such as 90s or 10m, not "${given}"`);
    return duration ?? 0;
  }

  /** Separated by commas or lines. */
  list(name: string): readonly string[] {
    return splitList(this.text(name) ?? '');
  }

  /** `service=number`, separated by commas or lines. */
  counts(name: string): Readonly<Record<string, number>> {
    const counts = new Map<string, number>();
    for (const entry of this.list(name)) {
      const [, key = '', count = ''] = /^([^=\s]+)\s*=\s*(\d+)$/.exec(entry) ?? [];
      if (key === '') this.#problems.add(`${name} must be service=number, such as worker=3, not "${entry}"`);
      else counts.set(key, Number(count));
    }
    return Object.fromEntries(counts);
  }

  /** Complains of every `INPUT_*` that nothing has asked for: `dry_run: true` must not deploy production. */
  refuseUnknown(): void {
    const known = new Set([...this.#known].map((name) => PREFIX + name.toUpperCase()));
    const unknown = Object.keys(process.env).filter((name) => name.startsWith(PREFIX) && !known.has(name));
    for (const variable of unknown.sort()) {
      const name = variable.slice(PREFIX.length).toLowerCase();
      const near = nearest(name, this.#known);
      const hint = near === undefined ? `known are: ${this.known.join(', ')}` : `did you mean "${near}"?`;
      this.#problems.add(`unknown input "${name}"; ${hint}`);
    }
  }

  #given(name: string): string | undefined {
    this.#known.add(name);
    const value = getInput(name, { trimWhitespace: false });
    return value.trim() === '' ? undefined : value;
  }
}

/** Names separated by commas or lines; blanks around them and empty ones do not count. */
export function splitList(text: string): string[] {
  const parts = text.split(/[,\n]/).map((part) => part.trim());
  return parts.filter((part) => part !== '');
}
