/** What a piece of an action prints, for tests: standard output as the runner would read it. */

/** @returns the lines that `work` printed */
export async function captured(work: () => unknown): Promise<string[]> {
  const write = process.stdout.write.bind(process.stdout);
  let text = '';
  process.stdout.write = (chunk: string | Uint8Array): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
    return true;
  };
  try {
    await work();
  } finally {
    process.stdout.write = write;
  }
  return text.split('\n').slice(0, -1);
}

/** The lines that the runner would show, without what it obeys: it stops listening between stop-commands and its token. */
export function obeyed(lines: readonly string[]): string[] {
  let token: string | undefined;
  return lines.filter((line) => {
    if (token !== undefined) {
      if (line === `::${token}::`) token = undefined;
      return false;
    }
    token = /^::stop-commands::(.+)$/.exec(line)?.[1];
    return token === undefined && line.startsWith('::');
  });
}
