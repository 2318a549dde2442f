/**
 * Puts a release's files on the host, under `.homeport/releases/<id>` only: the running stack sees none of it. The host's own
 * Compose then says what the stack is, and how it will label its containers.
 */
import { HostFailure, UserError } from '../base/errors.js';
import { parseHashes } from '../compose/command.js';
import type { ComposeModel } from '../compose/model.js';
import { parseModel } from '../compose/parse-model.js';
import type { ReleaseLayout, Layout } from '../host/layout.js';
import type { HostShell } from '../ssh/host-shell.js';
import { shipTar, type TarEntry } from '../ssh/ship.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

export interface Staging {
  readonly layout: Layout;
  readonly release: ReleaseLayout;
  /** `compose config` as JSON, of the staged files. */
  readonly config: ShellText;
  /** `compose config --hash` of a model on standard input, in the project's real place. */
  readonly hash: ShellText;
  /** Relative paths whose content on the host is wanted. */
  readonly watched: readonly string[];
}

export interface Staged {
  /** Paths as they will be in the project's folder. */
  readonly model: ComposeModel;
  /** The same as Compose wrote it, with the staged paths: what a build or a hook is made from. */
  readonly stagedModel: string;
  /** Service -> what Compose will label its containers with. */
  readonly configHashes: ReadonlyMap<string, string>;
  /** Relative path -> SHA-256 of what lies in the project's folder now; absent files are absent. */
  readonly hostFiles: ReadonlyMap<string, string>;
}

const CONFIG_REFUSED = 12;
const HASHES = '--- homeport config hashes';
const FILES = '--- homeport files';
const LINK_SUMS = [
  'for name; do',
  '  test -L "$name" || continue',
  `  sum=$(readlink -- "$name" | tr -d '\\n' | sha256sum) && printf '%s  %s\\n' "\${sum%% *}" "$name"`,
  'done',
].join('\n');

export async function stage(shell: HostShell, staging: Staging, entries: Iterable<TarEntry>): Promise<Staged> {
  const watched: TarEntry = {
    path: 'watched',
    mode: 0o600,
    content: staging.watched.map((path) => `${path}\0`).join(''),
  };
  const result = await shipTar(shell, stageText(staging), [watched, ...entries]);
  if (result.status === CONFIG_REFUSED) throw new UserError(composeMessage(result.stderr, staging));
  if (result.status !== 0) {
    throw new HostFailure(
      shell.name,
      'the release could not be staged',
      result.stderr.split('\n').filter((line) => line !== ''),
    );
  }
  const [modelText = '', rest = ''] = result.stdout.split(`\n${HASHES}\n`);
  const [hashes = '', files = ''] = rest.split(`${FILES}\n`);
  return {
    model: parseModel(inPlace(modelText, staging)),
    stagedModel: modelText,
    configHashes: parseHashes(hashes),
    hostFiles: parseSums(files),
  };
}

export function stageText({ layout, release, config, hash }: Staging): ShellText {
  return lines(
    sh`set -u`,
    // A stack that Compose refuses leaves nothing of itself behind, its secrets least of all.
    sh`(`,
    sh`umask 077`,
    // Only what is ours is closed to others: containers and operators read the project's own folder.
    sh`(umask 022 && mkdir -p ${layout.path}) && mkdir -p ${layout.releases} || exit 1`,
    sh`rm -rf ${release.directory} && mkdir ${release.directory} && cd ${release.directory} || exit 1`,
    // Modes are kept as shipped, and folders must be readable where a container mounts them: .homeport itself is 0700.
    sh`(umask 022 && mkdir files && tar -xpof -) || exit 1`,
    sh`echo confirmed >decision.confirmed && echo reverting >decision.reverting && echo kept >decision.kept || exit 1`,
    sh`${config} >model.json || exit ${CONFIG_REFUSED}`,
    sh`cat model.json && echo && echo ${HASHES} || exit 1`,
    sh`sed ${`s|${escapePattern(release.files)}|${escapeReplacement(layout.path)}|g`} model.json | ${hash} || exit ${CONFIG_REFUSED}`,
    sh`rm -f model.json`,
    sh`echo ${FILES}`,
    sh`cd ${layout.path} && { xargs -0 sha256sum -- <${`${release.directory}/watched`} 2>/dev/null; :; } || exit 1`,
    // A link counts by where it points to, as it was shipped: this sum of its text replaces the one of what is behind it.
    sh`xargs -0 sh -c ${LINK_SUMS} homeport <${`${release.directory}/watched`} 2>/dev/null`,
    sh`rm -f ${`${release.directory}/watched`}`,
    sh`exit 0`,
    sh`)`,
    sh`status=$?`,
    sh`test $status -eq 0 || rm -rf ${release.directory}`,
    sh`exit $status`,
  );
}

/** The staged paths of a model or a message, as they are in the project's folder. */
export function inPlace(text: string, { release, layout }: Pick<Staging, 'release' | 'layout'>): string {
  return text.replaceAll(release.files, layout.path);
}

/** What Compose refused, in its own words but with the user's paths. */
function composeMessage(stderr: string, staging: Staging): string {
  const said = stderr
    .replaceAll(`${staging.release.files}/`, '')
    .replaceAll(staging.release.files, '.')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/level=warning/.test(line))
    .join('\n');
  return `Compose refuses the stack: ${said === '' ? 'it gave no reason' : said}`;
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

function escapePattern(text: string): string {
  return text.replaceAll(/[.[\]*^$\\|]/g, String.raw`\$&`);
}

function escapeReplacement(text: string): string {
  return text.replaceAll(/[&\\|]/g, String.raw`\$&`);
}
