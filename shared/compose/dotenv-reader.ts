/** Reads dotenv text statement by statement, as Compose's own reader does. */
import type { Problem } from '../base/errors.js';
import { interpolate } from './interpolate.js';

export interface DotenvOptions {
  /** As problems name it. */
  readonly file?: string;
  /**
   * Given: `${NAME}` in unquoted and double-quoted values is replaced, by what this knows first, then by earlier lines. A
   * name that neither knows is a problem: Compose would put nothing there.
   */
  readonly expand?: (name: string) => string | undefined;
  /** With `expand`: a name that nobody knows is nothing, as for Compose, and no problem. */
  readonly unsetIsEmpty?: boolean;
}

/** Where in the text the value of a key stands, quotes included. */
export interface DotenvStatement {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** What Compose allows in a key; one that begins with a digit it would drop without a word. */
export const KEY = /^[A-Za-z_][A-Za-z0-9_.[\]-]*$/;

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
};

export class DotenvReader {
  readonly problems: Problem[] = [];
  /** Those with a value, in the order of the text. */
  readonly statements: DotenvStatement[] = [];
  #valueEnd = 0;
  readonly #values = new Map<string, string>();
  readonly #text: string;
  readonly #options: DotenvOptions;
  #at = 0;

  constructor(text: string, options: DotenvOptions) {
    this.#text = text;
    this.#options = options;
  }

  read(): Map<string, string> {
    while (this.#skipBlanksAndComments()) this.#readStatement();
    return this.#values;
  }

  #skipBlanksAndComments(): boolean {
    this.#at += /^(?:\s|#[^\n]*)*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
    return this.#at < this.#text.length;
  }

  #readStatement(): void {
    const begin = this.#at;
    const [line = ''] = this.#text.slice(begin).split('\n', 1);
    const [, prefix = '', name = '', sign] = /^((?:export[ \t]+)?)([^=:]*)([=:]?)/.exec(line) ?? [];
    const key = name.trim();
    const keyAt = begin + prefix.length;
    if (!KEY.test(key) || sign === '') {
      this.#readWithoutValue(key, keyAt, sign ?? '');
      this.#at = begin + line.length;
      return;
    }
    this.#at = keyAt + name.length + 1;
    this.#at += /^[^\S\n]*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0;
    const from = this.#at;
    const value = this.#readValue(key, keyAt);
    this.statements.push({ key, from, to: this.#valueEnd });
    if (value !== undefined) this.#values.set(key, value);
  }

  /** In an env file, Compose takes a key without a sign from where it runs. */
  #readWithoutValue(key: string, keyAt: number, sign: string): void {
    if (!KEY.test(key)) {
      this.#problem(keyAt, wrongKey(key, sign));
      return;
    }
    const known = this.#options.expand?.(key);
    if (known !== undefined) this.#values.set(key, known);
    if (this.#options.expand === undefined) this.#problem(keyAt, wrongKey(key, sign));
  }

  #readValue(key: string, keyAt: number): string | undefined {
    const quote = this.#text[this.#at];
    if (quote === "'" || quote === '"') return this.#readQuoted(key, keyAt, quote);
    const [line = ''] = this.#text.slice(this.#at).split('\n', 1);
    this.#at += line.length;
    const [value = ''] = line.split(' #', 1);
    this.#valueEnd = this.#at - line.length + value.trimEnd().length;
    return this.#expanded(value.trimEnd(), key, keyAt);
  }

  #readQuoted(key: string, keyAt: number, quote: string): string | undefined {
    const quoted = quote === "'" ? /^'((?:[^'\\]|\\[^])*)'/ : /^"((?:[^"\\]|\\[^])*)"/;
    const match = quoted.exec(this.#text.slice(this.#at));
    if (match === null) {
      this.#problem(this.#at, `the value of ${key} has no closing ${quote}`);
      this.#at = this.#text.length;
      this.#valueEnd = this.#at;
      return undefined;
    }
    const valueAt = this.#at;
    this.#at += match[0].length;
    this.#valueEnd = this.#at;
    const [rest = ''] = this.#text.slice(this.#at).split('\n', 1);
    if (!/^\s*(?:#.*)?$/.test(rest)) {
      this.#problem(
        this.#at,
        `after the closing ${quote} of ${key} there is more: a ${quote} inside the value is written \\${quote}`,
      );
    }
    this.#at += rest.length;
    const inside = match[1] ?? '';
    if (quote === "'") return inside.replaceAll(/\\([^])/g, (whole, next: string) => (next === "'" ? next : whole));
    return this.#unescaped(inside, key, valueAt);
  }

  /** Escapes first, then references, as Compose does it: `\$` is a dollar sign in any case. */
  #unescaped(inside: string, key: string, keyAt: number): string | undefined {
    const dollar = this.#options.expand === undefined ? '$' : '$$';
    const text = inside.replaceAll(/\\(0[0-7]{3}|[^])/g, (whole, next: string) => {
      if (next === '"') return next;
      if (next === '$') return dollar;
      if (next.length === 4) return String.fromCharCode(Number.parseInt(next, 8) & 0xff);
      return ESCAPES[next] ?? whole;
    });
    return this.#expanded(text, key, keyAt);
  }

  #expanded(text: string, key: string, at: number): string | undefined {
    const { expand } = this.#options;
    if (expand === undefined) return text;
    const { value, problems, unset } = interpolate(text, (name) => expand(name) ?? this.#values.get(name));
    for (const problem of problems) this.#problem(at, `${key}: ${problem}`);
    for (const name of this.#options.unsetIsEmpty === true ? [] : unset) {
      this.#problem(
        at,
        `${key} refers to ${name}, which is not set: put the value in single quotes if its $ is meant as such`,
      );
    }
    return value;
  }

  #problem(at: number, message: string): void {
    const before = this.#text.slice(0, at).split('\n');
    const column = (before.at(-1) ?? '').length + 1;
    const place = { line: before.length, column };
    this.problems.push({
      message,
      ...(this.#options.file === undefined ? {} : { file: this.#options.file }),
      ...place,
    });
  }
}

/** What is no key may be part of a secret, and even what looks like one: a line of a private key does. It is not shown. */
function wrongKey(key: string, sign: string): string {
  if (sign === '') return 'this line is no KEY=value (a value of several lines must be in quotes)';
  return key === '' ? 'a key is missing before the =' : 'the name before the = is no name of a variable';
}
