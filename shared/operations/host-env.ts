/**
 * The host's own `.env`. Its values pass only through the connection into memory, and are known to the redactor before
 * anything can be printed.
 */
import { createHash } from 'node:crypto';
import { HostFailure, UserError, type Problem } from '../base/errors.js';
import { composeValues, layOver, withoutOwnLines } from '../compose/dotenv-lines.js';
import { lines, sh } from '../ssh/shell-text.js';
import { NO_FILE } from './drift.js';
import type { OpenHost } from './open-host.js';

/** The environment of the stack as it stands in a file of the host's own. */
export interface HostEnv {
  /** As it will be, but for the lines of ours. */
  readonly text: string;
  /** Without those that an earlier release has set. */
  readonly own: string;
  /** What Compose on that host takes from it. */
  readonly values: ReadonlyMap<string, string>;
  /** SHA-256 of the file as it was read; `none` when there was none. */
  readonly sha256: string;
  /** SHA-256 of what the checkout would have put in its place. */
  readonly insteadOf?: string;
}

/** Makes values unreadable in everything that is printed from then on. */
export type Hide = (values: Iterable<string>) => void;

const ABSENT = 10;
const LINK = 11;

/** @throws UserError for a file that cannot be read, or not as dotenv; names and places only */
export async function readHostEnv(host: OpenHost, hide: Hide): Promise<HostEnv | undefined> {
  const { shell, layout, facts } = host;
  const file = `${layout.path}/.env`;
  const { status, stdout } = await shell.run(
    lines(
      sh`test ! -L ${file} || exit ${LINK}`,
      sh`test -e ${file} || exit ${ABSENT}`,
      sh`sha256sum <${file} 2>/dev/null && cat ${file} 2>/dev/null || exit 1`,
      sh`exit 0`,
    ),
  );
  if (status === ABSENT) return undefined;
  if (status === LINK)
    throw new UserError(
      `${file} on ${shell.name} is a symbolic link: a release could not put it back. Move the file itself there`,
    );
  if (status !== 0) throw new UserError(`${file} on ${shell.name} cannot be read by the user of this connection`);
  const end = stdout.indexOf('\n');
  const text = stdout.slice(end + 1);
  hide(writtenValues(text));
  const sha256 = /^[0-9a-f]{64}/.exec(stdout)?.[0] ?? '';
  if (createHash('sha256').update(text).digest('hex') !== sha256)
    throw new HostFailure(
      shell.name,
      `${file} did not arrive as it is there: it must be UTF-8, and smaller than 1 MiB`,
    );
  const own = withoutOwnLines(text);
  const values = understood(own, `${shell.name}:${file}`, facts.hostEnvironment);
  hide(values.values());
  return { text, own, values, sha256 };
}

function understood(text: string, file: string, ambient: Readonly<Record<string, string>>): Map<string, string> {
  try {
    return composeValues(text, '.env', ambient);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.problems.map((problem) => onTheHost(problem, file)));
  }
}

/** The host's file, or none, with the given keys in it. */
export function laidOver(
  found: HostEnv | undefined,
  given: Readonly<Record<string, string>>,
  { facts: { hostEnvironment } }: Pick<OpenHost, 'facts'>,
): HostEnv {
  const values = new Map(Object.entries(given));
  const own = layOver(found?.own ?? '', values, hostEnvironment);
  // A given key that an earlier release of ours has set a line for would otherwise be changed there.
  const text = found === undefined || found.own === found.text ? own : layOver(found.text, values, hostEnvironment);
  const mine = withoutOwnLines(text) === own ? text : own;
  return { text: mine, own, values: composeValues(own, '.env', hostEnvironment), sha256: found?.sha256 ?? NO_FILE };
}

/** Behind each equals sign, as it is written: what cannot be read may be quoted by Compose, and holds secrets all the same. */
function writtenValues(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^[^=:]*[=:]\s*/, '').trim())
    .flatMap((value) => [value, value.replace(/\s+#.*$/, ''), value.replace(/^["']|["']$/g, '')]);
}

/** There is no file of the checkout to annotate. */
function onTheHost({ message, line, column }: Problem, file: string): Problem {
  return {
    message: `${file}${line === undefined ? '' : `:${line}`}${column === undefined ? '' : `:${column}`}: ${message}`,
  };
}
