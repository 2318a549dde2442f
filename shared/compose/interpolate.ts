/** Compose's `${X}` in all its forms: what a text becomes, and which variables it asks for. */

type Operator = ':-' | '-' | ':?' | '?' | ':+' | '+';

interface Reference {
  readonly name: string;
  readonly operator: Operator | undefined;
  readonly operand: readonly Part[];
}

type Part = string | Reference;

export interface Interpolated {
  readonly value: string;
  /** Required variables without a value, and what is no reference at all; a few words each. */
  readonly problems: readonly string[];
  /** Variables without a value, for which nothing is put. */
  readonly unset: readonly string[];
  /** Variables that are there, but empty, where nothing says that they may be: `${X}` and `${X?}`. */
  readonly empty: readonly string[];
}

export type Lookup = (name: string) => string | undefined;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;

/** `text` with every reference replaced by what `lookup` knows. */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const problems: string[] = [];
  const unset = new Set<string>();
  const empty = new Set<string>();
  const render = (parts: readonly Part[]): string =>
    parts.map((part) => (typeof part === 'string' ? part : resolve(part))).join('');
  const resolve = ({ name, operator, operand }: Reference): string => {
    const value = lookup(name);
    // With a colon an empty value counts as none.
    const there = operator?.startsWith(':') === true ? value !== undefined && value !== '' : value !== undefined;
    switch (operator) {
      case ':-':
      case '-':
        return there ? (value ?? '') : render(operand);
      case ':+':
      case '+':
        return there ? render(operand) : (value ?? '');
      case ':?':
      case '?': {
        if (value === '') empty.add(name);
        if (there) return value ?? '';
        const message = render(operand);
        problems.push(`required variable ${name} is missing a value${message === '' ? '' : `: ${message}`}`);
        return '';
      }
      case undefined:
        if (value === undefined) unset.add(name);
        if (value === '') empty.add(name);
        return value ?? '';
    }
  };
  const { parts, invalid } = parseTemplate(text);
  const value = render(parts);
  return { value, problems: [...invalid, ...problems], unset: [...unset], empty: [...empty] };
}

/** Every variable that a text asks for, those inside of defaults too; sorted. */
export function variablesOf(text: string): string[] {
  const names = new Set<string>();
  const collect = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (typeof part === 'string') continue;
      names.add(part.name);
      collect(part.operand);
    }
  };
  collect(parseTemplate(text).parts);
  return [...names].sort();
}

function parseTemplate(text: string): { parts: Part[]; invalid: string[] } {
  const parts: Part[] = [];
  const invalid: string[] = [];
  let rest = text;
  while (rest !== '') {
    const dollar = rest.indexOf('$');
    if (dollar < 0) return { parts: [...parts, rest], invalid };
    if (dollar > 0) parts.push(rest.slice(0, dollar));
    rest = rest.slice(dollar);
    const { part, length, problem, inner } = parseReference(rest);
    parts.push(part);
    invalid.push(...(problem === undefined ? [] : [problem]), ...(inner ?? []));
    rest = rest.slice(length);
  }
  return { parts, invalid };
}

/** `rest` begins with `$`. What is no reference stays as it is, as in Compose: `$1` and a `$` at the end. */
function parseReference(rest: string): { part: Part; length: number; problem?: string; inner?: string[] } {
  if (rest.startsWith('$$')) return { part: '$', length: 2 };
  if (!rest.startsWith('${')) {
    const name = NAME.exec(rest.slice(1))?.[0];
    if (name === undefined) return { part: '$', length: 1 };
    return { part: { name, operator: undefined, operand: [] }, length: name.length + 1 };
  }
  const end = closingBrace(rest);
  const inside = rest.slice(2, end);
  const name = NAME.exec(inside)?.[0] ?? '';
  const [, operator, operand] = /^(:?[-?+])([^]*)$/.exec(inside.slice(name.length)) ?? [];
  if (end < 0 || name === '' || (operator === undefined && inside !== name)) {
    const shown = end < 0 ? '${' : '${…}';
    return {
      part: '',
      length: end < 0 ? 2 : end + 1,
      problem: `${shown} is no reference to a variable: write \${NAME}, or $$ for a dollar sign`,
    };
  }
  const nested = parseTemplate(operand ?? '');
  const part = { name, operator: operator as Operator | undefined, operand: nested.parts };
  return { part, length: end + 1, inner: nested.invalid };
}

/** Where the brace of a leading `${` closes; -1 when it never does. Braces inside (JSON as a default) count. */
function closingBrace(text: string): number {
  let open = 0;
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '{') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return at;
  }
  return -1;
}
