/** Dotenv text: what users paste and what lies on the host, read and written so that every value arrives as it was given. */
import { UserError } from '../base/errors.js';
import { DotenvReader, KEY, type DotenvOptions } from './dotenv-reader.js';

/**
 * `KEY=value` lines: an `export` before the key, `KEY: value`, comments, quoted values over several lines. Single quotes keep
 * everything but `\'`; double quotes know the escapes of a shell; unquoted values end at a blank before `#`. The last one of a
 * key counts. CRLF is a newline everywhere.
 *
 * These are Compose's own rules, with one difference: `$` is a plain character, so that a pasted password arrives as written
 * and nothing of this machine gets in. For a file that Compose itself has read until now, `expand` brings references back.
 * @param file as problems name it
 * @throws UserError with every line that cannot be read; it names keys and never shows values.
 */
export function parseDotenv(
  text: string,
  file?: string,
  options: Omit<DotenvOptions, 'file'> = {},
): Map<string, string> {
  const reader = new DotenvReader(text.replace(/^\uFEFF/, '').replaceAll(/\r\n?/g, '\n'), {
    ...options,
    ...(file === undefined ? {} : { file }),
  });
  const values = reader.read();
  if (reader.problems.length > 0) throw new UserError(reader.problems);
  return values;
}

/** What no quoting is needed for: a value that a person may want to read or edit on the host. */
const PLAIN = /^[A-Za-z0-9_./:@%+,-]+$/;

/**
 * One `KEY=value` a line, in the map's order: plain where possible, else in single quotes, in which Compose takes everything
 * as it is; in double quotes only what single ones cannot hold.
 * @throws UserError for a name that Compose does not read or a value with a NUL, which no process can have.
 */
export function writeDotenv(values: ReadonlyMap<string, string>): string {
  refuseUnwritable(values);
  return [...values].map(([key, value]) => `${key}=${quotedValue(value)}\n`).join('');
}

function refuseUnwritable(values: ReadonlyMap<string, string>): void {
  const wrong = [...values].flatMap(([key, value]) => [
    ...(KEY.test(key) ? [] : [{ message: `${key} is no name of a variable` }]),
    ...(value.includes('\0')
      ? [{ message: `the value of ${key} has a NUL character, which no environment can hold` }]
      : []),
  ]);
  if (wrong.length > 0) throw new UserError(wrong);
}

/** A value as it stands behind its equals sign. */
export function quotedValue(value: string): string {
  if (value === '' || PLAIN.test(value)) return value;
  return holdsInSingleQuotes(value) ? `'${value}'` : `"${value.replaceAll(/[\\"$\r]/g, escaped)}"`;
}

/** A backslash at the end would take the closing quote with it. A carriage return would not survive a Windows editor. */
function holdsInSingleQuotes(value: string): boolean {
  return !/['\r]|\\$/.test(value);
}

function escaped(character: string): string {
  if (character === '\r') return '\\r';
  return character === '$' ? '$$' : `\\${character}`;
}
