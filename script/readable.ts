// A job summary as a person reads it in a terminal: GitHub's Markdown without its marks. Pure.

const ENTITY = /&#(\d+);/g;

export function readable(markdown: string): string {
  const parts = markdown.split(/^(`{3,})text\n([^]*?)^\1$/gm);
  // What a program printed stands in a fence: it is shown as it is.
  const shown = parts.map((part, index) => (index % 3 === 0 ? prose(part) : index % 3 === 2 ? indented(part) : ''));
  return shown
    .join('')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .trimEnd();
}

function prose(markdown: string): string {
  const plain = markdown
    .replaceAll(/<summary>(.*?)<\/summary>/g, '$1:')
    .replaceAll('<br>', '\n  ')
    .replaceAll(/<\/?(?:details|code)>/g, '')
    .replaceAll(/\*\*(.+?)\*\*/g, '$1')
    .replaceAll(/^#+ /gm, '');
  const tables = plain.replaceAll(/(?:^\|.*\|\n?)+/gm, (rows) => `${aligned(rows.trim().split('\n'))}\n`);
  return tables.replaceAll(ENTITY, (_, code: string) => String.fromCodePoint(Number(code)));
}

/** The rows of a table in columns, without the line below its heads. */
function aligned(rows: readonly string[]): string {
  const cells = rows
    .filter((row) => !/^\|(?: -+ \|)+$/.test(row))
    .map((row) => row.slice(2, -2).split(' | ').map((cell) => cell.replaceAll(ENTITY, (_, code: string) => String.fromCodePoint(Number(code))).trim())); // prettier-ignore
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}`.trimEnd())
    .join('\n');
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '    ');
