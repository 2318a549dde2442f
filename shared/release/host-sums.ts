/** What lies in a folder of the host, by SHA-256: how a file is told to be the one that we know. */
import { HostFailure } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

const LINK_SUMS = [
  'for name; do',
  '  test -L "$name" || continue',
  `  sum=$(readlink -- "$name" | tr -d '\\n' | sha256sum) && printf '%s  %s\\n' "\${sum%% *}" "$name"`,
  'done',
].join('\n');

/** Prints the sums of those of the files that are there. @param list a file on the host with the paths, each ended by a NUL */
export function sumsText(folder: string, list: string): ShellText {
  return lines(
    sh`(cd ${folder} && xargs -0 sha256sum -- <${list} 2>/dev/null)`,
    // A link counts by where it points to, as it was shipped: this sum of its text replaces the one of what is behind it.
    sh`(cd ${folder} && xargs -0 sh -c ${LINK_SUMS} homeport <${list} 2>/dev/null)`,
  );
}

/** @returns relative path -> sum; what is not there is absent */
export async function readSums(
  shell: HostShell,
  folder: string,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  // Thousands of sums are more than a session keeps of its output.
  const sums: string[] = [];
  const text = lines(
    sh`cd ${folder} 2>/dev/null || exit 0`,
    sh`xargs -0 sh -c ${`sha256sum -- "$@" 2>/dev/null\n${LINK_SUMS}`} homeport 2>/dev/null`,
    sh`exit 0`,
  );
  const { status, stderr } = await shell.run(text, {
    stdin: paths.map((path) => `${path}\0`).join(''),
    onStdout: (line) => sums.push(line),
  });
  if (status !== 0) throw new HostFailure(shell.name, `the files in ${folder} cannot be read`, stderr.split('\n'));
  return parseSums(sums.join('\n'));
}

/** `sha256sum` puts a backslash before a line whose name it had to escape. */
export function parseSums(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^(\\?)([0-9a-f]{64}) [ *](.*)$/.exec(line);
    if (match === null) continue;
    const [, escaped, sum = '', name = ''] = match;
    sums.set(
      escaped === '\\'
        ? name.replaceAll(/\\(\\|n|r)/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? '\\')
        : name,
      sum,
    );
  }
  return sums;
}
