/** Markdown for GitHub's summary, in which nothing foreign can mark up, link, mention, or break out of where it stands. */

/** What the runner takes of one step, less some room: a longer summary is dropped as a whole. */
const LONGEST = 1_000_000;
const LONGEST_BLOCK = 64_000;

/** Text as it is, in one line. */
export function plain(text: string): string {
  const line = withoutControls(text).replaceAll(/\s*\n\s*/g, ' ');
  return line.replaceAll(/[&<>"'`*_[\]#@|~\\$]/g, (character) => `&#${character.codePointAt(0) ?? 0};`);
}

/** A name that is read as code: an id, a path. */
export const code = (text: string): string => `<code>${plain(text)}</code>`;

export const codes = (texts: readonly string[]): string => texts.map(code).join(', ');

/** Cells are markdown already. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [heads, heads.map(() => '---'), ...rows].map(line).join('\n');
}

/** `summary` and `body` are markdown already. */
export const folded = (summary: string, body: string): string =>
  `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;

/** Lines as a program printed them, the last ones where they are too many. The fence is longer than any within. */
export function block(lines: readonly string[]): string {
  const text = tail(lines.map(withoutControls).join('\n'), LONGEST_BLOCK);
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text}\n${fence}`;
}

/** The parts that fit into one summary, most important first. */
export function fitted(parts: readonly string[]): string {
  const left: string[] = [];
  let size = 0;
  for (const part of parts) {
    const bytes = Buffer.byteLength(part) + 2;
    if (size + bytes > LONGEST)
      return [...left, 'More does not fit here: see the log, and the output `report`.'].join('\n\n');
    left.push(part);
    size += bytes;
  }
  return left.join('\n\n');
}

/** Colours and cursor movements of terminals, and what no text needs. */
function withoutControls(text: string): string {
  return text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '').replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '');
}

const tail = (text: string, most: number): string => (text.length <= most ? text : `…${text.slice(-most)}`);
