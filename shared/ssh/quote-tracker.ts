/**
 * Follows the quotes of a shell text as far as needed to know whether a value may stand at a place: only where the
 * shell reads plain words is a quoted value one word and nothing else. When in doubt it refuses.
 */

type Context = 'plain' | 'single' | 'double' | 'backtick' | 'comment';

const DESCRIPTION: Readonly<Record<Exclude<Context, 'plain'>, string>> = {
  single: 'single quotes',
  double: 'double quotes',
  backtick: 'backticks',
  comment: 'a comment',
};

export class QuoteTracker {
  /** The innermost is last; the first is always plain. Each `(` opens a plain context of its own. */
  #contexts: Context[] = ['plain'];
  #escaped = false;
  #previous = '\n';
  #hereDocument = false;

  read(text: string): void {
    for (const character of text) {
      this.#step(character);
      this.#previous = character;
    }
  }

  /** @throws Error unless a value may follow what was read. */
  refuseValue(text: string): void {
    const context = this.#context;
    const where = this.#escaped ? 'a backslash' : context === 'plain' ? undefined : DESCRIPTION[context];
    if (where !== undefined)
      throw new Error(`A value of a shell template stands after or inside ${where}: ${tail(text)}`);
    if (this.#hereDocument)
      throw new Error(`A value of a shell template stands after a here-document began: ${tail(text)}`);
  }

  /** @throws Error unless what was read is whole. */
  refuseEnd(text: string): void {
    const open = this.#contexts.find((context) => context !== 'plain' && context !== 'comment');
    if (open !== undefined) throw new Error(`A shell template leaves ${DESCRIPTION[open]} open: ${tail(text)}`);
    if (this.#escaped) throw new Error(`A shell template ends with a backslash: ${tail(text)}`);
  }

  get #context(): Context {
    return this.#contexts.at(-1) ?? 'plain';
  }

  #step(character: string): void {
    const context = this.#context;
    if (this.#escaped) {
      this.#escaped = false;
    } else if (context === 'single') {
      if (character === "'") this.#contexts.pop();
    } else if (context === 'comment') {
      if (character === '\n') this.#contexts.pop();
    } else if (character === '\\') {
      this.#escaped = true;
    } else if (context === 'backtick') {
      if (character === '`') this.#contexts.pop();
    } else if (context === 'double') {
      this.#stepInDoubleQuotes(character);
    } else {
      this.#stepInPlainText(character);
    }
  }

  #stepInDoubleQuotes(character: string): void {
    if (character === '"') this.#contexts.pop();
    else if (character === '`') this.#contexts.push('backtick');
    else if (character === '(' && this.#previous === '$') this.#contexts.push('plain');
  }

  #stepInPlainText(character: string): void {
    if (character === "'") this.#contexts.push('single');
    else if (character === '"') this.#contexts.push('double');
    else if (character === '`') this.#contexts.push('backtick');
    else if (character === '(') this.#contexts.push('plain');
    // A `)` without its `(` ends a pattern of `case`.
    else if (character === ')' && this.#contexts.length > 1) this.#contexts.pop();
    else if (character === '#' && /[\s;&|()<>]/.test(this.#previous)) this.#contexts.push('comment');
    else if (character === '<' && this.#previous === '<') this.#hereDocument = true;
  }
}

function tail(text: string): string {
  return JSON.stringify(text.slice(-60));
}
