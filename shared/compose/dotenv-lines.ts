/**
 * Changes to a dotenv file that someone else keeps: only the values of the keys concerned, everything else stays byte for
 * byte. What Homeport itself needs in it has a mark, by which it is known again and taken out.
 */
import { parseDotenv, quotedValue, writeDotenv } from './dotenv.js';
import { DotenvReader } from './dotenv-reader.js';

/** Compose and its env files read a comment there, and a person learns whose line it is. */
const MARK = ' # set by Homeport';
const MARKED = /^([A-Za-z_]+)=.* # set by Homeport(?:\r?\n|$)/gm;

/**
 * What a file that Compose has read until now means to it: references are followed, first to what the host's environment
 * has, then to earlier lines; what nobody knows is empty.
 * @throws UserError with every line that cannot be read, without any value
 */
export function composeValues(
  text: string,
  file: string,
  ambient: Readonly<Record<string, string>> = {},
): Map<string, string> {
  return parseDotenv(text, file, { expand: (name) => ambient[name], unsetIsEmpty: true });
}

/** The text with these values in it: each where its key stands last, new ones at the end. What means the same is not touched. */
export function layOver(
  text: string,
  values: ReadonlyMap<string, string>,
  ambient: Readonly<Record<string, string>> = {},
): string {
  const before = composeValues(text, '.env', ambient);
  const places = new Map(statementsOf(text).map((one) => [one.key, one]));
  const due = [...values].filter(([key, value]) => before.get(key) !== value);
  const changed = due
    .flatMap(([key, value]) => {
      const place = places.get(key);
      return place === undefined ? [] : [{ ...place, value }];
    })
    .sort((one, other) => other.from - one.from);
  let result = text;
  for (const { from, to, value } of changed) {
    // Nothing at all would make the comment behind it the value.
    const written = value === '' ? "''" : quotedValue(value);
    result = result.slice(0, from) + written + result.slice(Math.max(from, to));
  }
  return appended(result, writeDotenv(new Map(due.filter(([key]) => !places.has(key)))));
}

/** The text without the lines that Homeport has set: what is the operator's own. */
export function withoutOwnLines(text: string): string {
  return text.replaceAll(MARKED, '');
}

/**
 * The text with exactly these lines of ours, last, since the last one of a key counts. Lines that are right already stay
 * where they are, so that a file in which nothing of ours changed keeps its bytes.
 */
export function withOwnLines(text: string, own: ReadonlyMap<string, string>): string {
  const lines = [...own].map(([key, value]) => `${key}=${quotedValue(value)}${MARK}\n`);
  const there = [...text.matchAll(MARKED)].map(([line]) => line.replace(/\r?\n?$/, '\n'));
  const same = there.length === lines.length && lines.every((line) => there.includes(line));
  const values = composeValues(text, '.env');
  if (same && [...own].every(([key, value]) => values.get(key) === value)) return text;
  return appended(withoutOwnLines(text), lines.join(''));
}

function appended(text: string, lines: string): string {
  if (lines === '') return text;
  return text === '' || text.endsWith('\n') ? text + lines : `${text}\n${lines}`;
}

/** In the text as it is: the reader of values makes every line's end the same first. */
function statementsOf(text: string): { key: string; from: number; to: number }[] {
  const mark = text.startsWith('\uFEFF') ? 1 : 0;
  const reader = new DotenvReader(text.slice(mark), {});
  reader.read();
  return reader.statements.map(({ key, from, to }) => {
    // A carriage return behind an empty value is the line's end, not a blank before the value.
    const before = text[mark + from - 1] === '\r' ? 1 : 0;
    return { key, from: mark + from - before, to: mark + to - before };
  });
}
