/** What somebody started by hand in the project's folder: its containers, the files that they were made from, nothing changed. */
import { posix } from 'node:path';
import { HostFailure, UserError } from '../base/errors.js';
import type { ContainerDetails } from '../host/engine.js';
import { lines, sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

const LABEL = 'com.docker.compose';
const ENV = '--- homeport adoption: env';
const COMPOSE_FILE = '--- homeport adoption: compose file';

/** A file as it lies on the host. */
export interface FoundFile {
  readonly kind: 'file' | 'link' | 'closed';
  readonly mode: number;
  /** Seconds since 1970, of its last change of any kind. */
  readonly changedAt: number;
  readonly sha256: string;
}

export interface FoundFiles {
  /** By the name that was asked for; what is not there, or no file, is absent. */
  readonly files: ReadonlyMap<string, FoundFile>;
  /** The host's own `.env`; of a project in a folder below both, in the order in which the last one counts. */
  readonly env: string;
  /** The text of each compose file. */
  readonly composeTexts: readonly string[];
}

/** Service -> its containers; one-off containers of `compose run` are not among them. */
export type HandMade = ReadonlyMap<string, readonly ContainerDetails[]>;

export async function findHandMade({ engine }: OpenHost, project: string): Promise<HandMade> {
  const listed = (await engine.containers({ project })).filter(
    ({ labels }) => labels[`${LABEL}.oneoff`] !== 'True' && labels[`${LABEL}.service`] !== undefined,
  );
  const found = new Map<string, ContainerDetails[]>();
  for (const container of await Promise.all(listed.map(async ({ id }) => engine.inspectContainer(id)))) {
    if (container === undefined) continue;
    const service = container.labels[`${LABEL}.service`] ?? '';
    found.set(service, [...(found.get(service) ?? []), container]);
  }
  return found;
}

/**
 * The compose files by which the stack was started last, relative to its folder: `up` leaves the label of a container that
 * has not changed as it was.
 * @throws UserError where a release could not call Compose the same way
 */
export function composeFilesOf(handMade: HandMade, path: string, projectDirectory: string): string[] {
  const newest = [...handMade.values()].flat().sort((a, b) => (b.startedAt ?? 0) - (a.startedAt ?? 0));
  const label = newest.flatMap(({ labels }) => labels[`${LABEL}.project.config_files`] ?? [])[0] ?? '';
  const named = label.split(',').filter((file) => file !== '');
  const files = named.map((file) => posix.relative(path, posix.resolve(projectDirectory, file)));
  const [first] = files;
  if (first === undefined) throw new UserError(`${refusal()}its containers do not tell from which compose files`);
  const outside = named.filter((_, index) => files[index]?.startsWith('../') === true);
  if (outside.length > 0) throw new UserError(`${refusal()}${outside.join(', ')} is not below \`path\``);
  if (posix.join(path, posix.dirname(first)) !== projectDirectory) {
    throw new UserError(
      `${refusal()}it was started with the project directory ${projectDirectory}, which is not the folder of ${first}`,
    );
  }
  return files;
}

/** What every refusal begins with. */
export function refusal(): string {
  return 'this stack was started by hand and cannot be adopted: ';
}

/** In one session. @param names relative to the project's path, or absolute for what is mounted from elsewhere */
export async function readFound(
  { shell, layout }: OpenHost,
  names: readonly string[],
  composeFiles: readonly string[],
): Promise<FoundFiles> {
  const { status, stdout, stderr } = await shell.run(
    lines(
      sh`cd ${layout.path} || exit 1`,
      sh`xargs -0 sh -c ${FACTS} homeport || exit 1`,
      sh`echo ${ENV}`,
      sh`for file in ${[...new Set([posix.join(posix.dirname(composeFiles[0] ?? ''), '.env'), '.env'])]}; do`,
      sh`  test ! -f "$file" || { cat "$file" && echo; } || exit 1`,
      sh`done`,
      ...composeFiles.map((file) => sh`echo ${COMPOSE_FILE} && cat ${file} && echo || exit 1`),
    ),
    { stdin: [...new Set(names)].map((name) => `${name}\0`).join('') },
  );
  if (status !== 0) {
    const said = stderr.split('\n').filter((line) => line !== '');
    throw new HostFailure(shell.name, 'what was started by hand cannot be read', said);
  }
  const [before = '', ...composeTexts] = stdout.split(`${COMPOSE_FILE}\n`);
  const [facts = '', env = ''] = before.split(`${ENV}\n`);
  return {
    files: parseFacts(facts),
    env,
    composeTexts: composeTexts.map((text) => text.replace(/\n$/, '')),
  };
}

// A link in the project's folder counts by where it points to; what a container mounts counts by what is behind it.
const FACTS = `for name; do
  case $name in /*) follow=-L ;; *) follow= ;; esac
  if test -z "$follow" && test -L "$name"; then
    echo "link 777 0 $(readlink -- "$name" | tr -d '\\n' | sha256sum) $name"
  elif test -f "$name" && ! test -r "$name"; then echo "closed 0 0  - $name"
  elif test -f "$name"; then echo "file $(stat $follow -c '%a %Z' -- "$name") $(sha256sum <"$name") $name"
  fi
done
exit 0`;

function parseFacts(text: string): Map<string, FoundFile> {
  const found = new Map<string, FoundFile>();
  for (const [, kind, mode = '', changedAt, sha256 = '', name = ''] of text.matchAll(
    /^(file|link|closed) (\d+) (\d+) ([0-9a-f]{64})? *- (.*)$/gm,
  )) {
    found.set(name, {
      kind: kind as FoundFile['kind'],
      mode: Number.parseInt(mode, 8),
      changedAt: Number(changedAt),
      sha256,
    });
  }
  return found;
}
