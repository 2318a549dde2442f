/**
 * Shell text is made here and nowhere else: the `sh` template quotes every value, so an injection cannot be written.
 * There is no way from a plain string to ShellText but a template in our own source.
 */
import { QuoteTracker } from './quote-tracker.js';

let create: (text: string) => ShellText;

/** A piece of POSIX sh, whole in itself: no quote is open at its end. */
export class ShellText {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  static {
    create = (text) => new ShellText(text);
  }

  get text(): string {
    return this.#text;
  }

  toString(): string {
    return this.#text;
  }
}

export type ShellWord = string | number | ShellText;
export type ShellValue = ShellWord | readonly ShellWord[];

/**
 * POSIX sh with values: a string or number becomes exactly one word, a list words separated by blanks (an empty list: nothing),
 * a ShellText itself. Backslashes are the shell's own (as in String.raw); only `\${` and a backslashed backtick are JavaScript's.
 * @throws Error where a value would stand inside quotes, a comment, backticks or a here-document, where a string has a NUL,
 * and where a quote is left open: each is a defect in the template, not in the value.
 */
export function sh(strings: TemplateStringsArray, ...values: readonly ShellValue[]): ShellText {
  const tracker = new QuoteTracker();
  let text = '';
  const append = (piece: string): void => {
    tracker.read(piece);
    text += piece;
  };
  strings.raw.forEach((raw, index) => {
    append(raw.replaceAll('\\${', '${').replaceAll('\\`', '`'));
    const value = values[index];
    if (value === undefined) {
      if (index < values.length) throw new Error(`A value of the shell template is undefined: ${text}`);
      return;
    }
    tracker.refuseValue(text);
    append(render(value, text, strings.raw[index + 1] ?? ''));
  });
  tracker.refuseEnd(text);
  return create(text);
}

/** The texts, one a line. */
export function lines(...texts: readonly ShellText[]): ShellText {
  return joined(texts, '\n');
}

/** @throws Error when a text that is not the last ends in a comment, which would swallow what follows on its line. */
export function joined(texts: readonly ShellText[], separator: ' && ' | ' | ' | '; ' | '\n'): ShellText {
  const tracker = new QuoteTracker();
  texts.forEach((piece, index) => {
    if (index > 0) {
      if (separator !== '\n') tracker.refuseValue(piece.text);
      tracker.read(separator);
    }
    tracker.read(piece.text);
  });
  return create(texts.map((piece) => piece.text).join(separator));
}

function render(value: ShellValue, before: string, after: string): string {
  if (value instanceof ShellText) return value.text;
  if (typeof value === 'string' || typeof value === 'number') {
    // Beside other text a bare word could become part of a variable's name or a redirection's number.
    const bare = /(?:^|[\s(=/:,-])$/.test(before) && !/^[<>]/.test(after);
    return bare ? word(value) : quoted(String(value));
  }
  return value.map((item) => (item instanceof ShellText ? item.text : word(item))).join(' ');
}

const RESERVED = new Set('case do done elif else esac fi for function if in select then time until while'.split(' '));

/** Plain words stay bare, so that the scripts on a host can be read by people. */
function word(value: string | number): string {
  const text = String(value);
  return /^[\w.,:@%+/-]+$/.test(text) && !RESERVED.has(text) ? text : quoted(text);
}

function quoted(text: string): string {
  if (text.includes('\0')) throw new Error('A value for the shell contains a NUL character.');
  return `'${text.replaceAll("'", "'\\''")}'`;
}
