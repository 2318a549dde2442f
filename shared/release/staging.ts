/**
 * Puts a release's files on the host, under `.homeport/releases/<id>` only: the running stack sees none of it. The host's own
 * Compose then says what the stack is, and how it will label its containers.
 */
import { posix } from 'node:path';
import { HostFailure, UserError } from '../base/errors.js';
import { parseHashes } from '../compose/command.js';
import { modelForHash, moveModel, needsModelForHash } from '../compose/model-for-hash.js';
import type { ComposeModel } from '../compose/model.js';
import { boundTo } from '../compose/order.js';
import { parseModel } from '../compose/parse-model.js';
import type { ReleaseLayout, Layout } from '../host/layout.js';
import type { HostShell } from '../ssh/host-shell.js';
import { shipTar, type TarEntry } from '../ssh/ship.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { parseSums, sumsText } from './host-sums.js';
import type { Observed } from './observed.js';

export interface Staging {
  readonly layout: Layout;
  readonly release: ReleaseLayout;
  /** `compose config` as JSON, of the staged files. */
  readonly config: ShellText;
  /** `compose config --hash` of a model on standard input, in the project's real place. */
  readonly hash: ShellText;
  /** Relative paths whose content on the host is wanted. */
  readonly watched: readonly string[];
  /** Relative paths of files that are not shipped but stay as they are on the host. */
  readonly kept?: readonly string[];
}

export interface Staged {
  /** Paths as they will be in the project's folder. */
  readonly model: ComposeModel;
  /** The same as Compose wrote it, with the staged paths: what a build or a hook is made from. */
  readonly stagedModel: string;
  /** Service -> what Compose will label its containers with; a service of which that cannot be foreseen is absent. */
  readonly configHashes: ReadonlyMap<string, string>;
  /** Relative path -> SHA-256 of what lies in the project's folder now; absent files are absent. */
  readonly hostFiles: ReadonlyMap<string, string>;
}

const CONFIG_REFUSED = 12;
const HASHES = '--- homeport config hashes';
const MODEL = '--- homeport model';
export async function stage(shell: HostShell, staging: Staging, entries: Iterable<TarEntry>): Promise<Staged> {
  const watched: TarEntry = {
    path: 'watched',
    mode: 0o600,
    content: staging.watched.map((path) => `${path}\0`).join(''),
  };
  // Thousands of sums are more than a session keeps of its output: they are read as they come, before the model.
  const sums: string[] = [];
  let beforeModel = true;
  const onStdout = (line: string): void => {
    beforeModel &&= line !== MODEL;
    if (beforeModel) sums.push(line);
  };
  const result = await shipTar(shell, stageText(staging), [watched, ...entries], { onStdout });
  if (result.status === CONFIG_REFUSED) throw new UserError(composeMessage(result.stderr, staging));
  if (result.status !== 0) {
    throw new HostFailure(
      shell.name,
      'the release could not be staged',
      result.stderr.split('\n').filter((line) => line !== ''),
    );
  }
  const told = new RegExp(`(?:^|\\n)${MODEL}\\n([^]*)\\n${HASHES}\\n([^]*)$`).exec(result.stdout);
  if (told === null) {
    throw new HostFailure(shell.name, 'what Compose says of the stack did not arrive whole: it is larger than 1 MiB');
  }
  const [, modelText = '', hashes = ''] = told;
  const model = parseModel(moveModel(modelText, staging.release.files, staging.layout.path));
  return {
    model,
    stagedModel: modelText,
    configHashes: hashesOf(model, hashes, shell),
    hostFiles: parseSums(sums.join('\n')),
  };
}

/**
 * The same with the labels that depend on what runs: those of services that share what another one's container has. One more
 * session, and only for a stack that needs it.
 */
export async function foreseeLabels(
  shell: HostShell,
  { layout, release, hash }: Pick<Staging, 'layout' | 'release' | 'hash'>,
  staged: Staged,
  observed: Observed,
): Promise<Staged> {
  const place = { from: release.files, to: layout.path };
  if (!needsModelForHash(staged.stagedModel, place)) return staged;
  const containers = firstContainers(observed);
  const { status, stdout, stderr } = await shell.run(
    sh`${hash} || { rm -rf ${release.directory}; exit ${CONFIG_REFUSED}; }`,
    {
      stdin: modelForHash(staged.stagedModel, { ...place, containers }),
    },
  );
  if (status !== 0) throw new UserError(composeMessage(stderr, { layout, release }));
  const hashes = hashesOf(staged.model, stdout, shell);
  const unforeseen = Object.values(staged.model.services).filter((service) =>
    boundTo(service, staged.model).some((name) => !containers.has(name)),
  );
  for (const { name } of unforeseen) hashes.delete(name);
  return { ...staged, configHashes: hashes };
}

/** Of several replicas Compose takes the first one by name. */
export function firstContainers(observed: Observed): Map<string, string> {
  return new Map(
    [...observed].flatMap(([service, containers]): [string, string][] => {
      const [first] = [...containers].sort((a, b) => (a.name < b.name ? -1 : 1));
      return first === undefined ? [] : [[service, first.id]];
    }),
  );
}

/** A service without a label would never be found changed. */
function hashesOf(model: ComposeModel, text: string, shell: HostShell): Map<string, string> {
  const hashes = parseHashes(text);
  const missing = Object.keys(model.services).filter((service) => !hashes.has(service));
  if (missing.length > 0) throw new HostFailure(shell.name, `Compose gave no config hash of ${missing.join(', ')}`);
  return hashes;
}

export function stageText({ layout, release, config, hash, kept = [] }: Staging): ShellText {
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
    ...kept.map((path) => keptText(path, layout, release)),
    sumsText(layout.path, `${release.directory}/watched`),
    sh`rm -f watched`,
    sh`${config} >model.json || exit ${CONFIG_REFUSED}`,
    sh`echo ${MODEL} && cat model.json && echo && echo ${HASHES} || exit 1`,
    sh`sed ${`s|${escapePattern(release.files)}|${escapeReplacement(layout.path)}|g`} model.json | ${hash} || exit ${CONFIG_REFUSED}`,
    sh`rm -f model.json`,
    sh`exit 0`,
    sh`)`,
    sh`status=$?`,
    sh`test $status -eq 0 || rm -rf ${release.directory}`,
    sh`exit $status`,
  );
}

function keptText(path: string, layout: Layout, release: ReleaseLayout): ShellText {
  const to = `${release.files}/${path}`;
  return sh`(umask 022 && mkdir -p ${posix.dirname(to)}) && cp -pP ${`${layout.path}/${path}`} ${to} || exit 1`;
}

/** What Compose refused, in its own words but with the user's paths. */
function composeMessage(stderr: string, staging: Pick<Staging, 'layout' | 'release'>): string {
  const said = stderr
    .replaceAll(`${staging.release.files}/`, '')
    .replaceAll(staging.release.files, '.')
    .split('\n')
    .filter((line) => line.trim() !== '' && !/level=warning/.test(line))
    .join('\n');
  return `Compose refuses the stack: ${said === '' ? 'it gave no reason' : said}`;
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.[\]*^$\\|]/g, String.raw`\$&`);
}

function escapeReplacement(text: string): string {
  return text.replaceAll(/[&\\|]/g, String.raw`\$&`);
}
