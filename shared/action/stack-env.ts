/** The stack's environment from its three sources, a later one over an earlier one: `env-file`, `env-names`, `env`. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize } from 'node:path';
import { UserError, type Problem } from '../base/errors.js';
import { parseDotenv } from '../compose/dotenv.js';

export type Variables = ReadonlyMap<string, string>;

/**
 * The variables of the step's own environment that `names` mean, as they are.
 * @param names such as `DATABASE_URL` or `APP_*`
 * @throws UserError for a name that is not there, and for a pattern that fits nothing: an empty secret looks just like that
 */
export function envByNames(names: readonly string[], env: Readonly<Record<string, string | undefined>>): Variables {
  const found = new Map<string, string>();
  const problems: { message: string }[] = [];
  for (const name of names) {
    const fits = matcher(name);
    const matching = Object.entries(env).filter(([key, value]) => fits(key) && value !== undefined && value !== '');
    for (const [key, value = ''] of matching) found.set(key, value);
    if (matching.length === 0) problems.push({ message: missing(name, env) });
  }
  if (problems.length > 0) throw new UserError(problems);
  return found;
}

/** `*` is any text. What GitHub and the runner set for the step is not meant by a pattern. */
function matcher(name: string): (key: string) => boolean {
  if (!name.includes('*')) return (key) => key === name;
  const pattern = new RegExp(`^${name.split('*').map(escaped).join('.*')}$`, 's');
  return (key) => pattern.test(key) && !/^(GITHUB|RUNNER|ACTIONS|INPUT)_/.test(key);
}

const escaped = (text: string): string => text.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);

function missing(name: string, env: Readonly<Record<string, string | undefined>>): string {
  if (name.includes('*')) return `env-names: nothing in the step's environment fits ${name}`;
  const state = env[name] === undefined ? 'is not' : 'is empty';
  return `env-names: ${name} ${state} in the step's environment; set it with "env:" on the step or the job, or by an earlier step`;
}

/** @throws UserError for text that is no dotenv, without any value in its message */
export function envOfText(text: string): Variables {
  try {
    return parseDotenv(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(error.problems.map(inTheInput));
  }
}

/** There is no file to annotate: the line is said in words. */
function inTheInput({ message, line, column }: Problem): Problem {
  const place = [line === undefined ? '' : `, line ${line}`, column === undefined ? '' : `, column ${column}`].join('');
  return { message: `the input env${place}: ${message}` };
}

export interface EnvFile {
  readonly variables: Variables;
  /** Whether everybody who sees the log sees the values in the repository too: then only what looks like a secret is one. */
  readonly committed: boolean;
}

/**
 * @param root absolute folder that `path` is relative to
 * @param shown the file as messages name it
 * @throws UserError for a file that is not there or outside of root, and for what is no dotenv
 */
export function envOfFile(root: string, path: string, shown: string): EnvFile {
  if (isAbsolute(path) || normalize(path).startsWith('..')) {
    throw new UserError(`env-file must be inside the folder of the config, not "${path}"`);
  }
  const file = join(root, path);
  return { variables: parseDotenv(textOf(file, path), shown), committed: isCommitted(file) };
}

function textOf(file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new UserError(`env-file: there is no file "${path}" in the checkout`);
  }
}

/** A file that a step wrote or added to holds what that step knows: only git's own copy counts. */
function isCommitted(file: string): boolean {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', dirname(file), ...args, '--', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    });
  try {
    git('ls-files', '--error-unmatch');
    return git('status', '--porcelain') === '';
  } catch {
    return false;
  }
}

/** Of a committed file, what looks like a secret by its name or carries a password in an address. */
export function looksSecret([key, value]: readonly [string, string]): boolean {
  return /PASS|SECRET|TOKEN|KEY|CRED|PRIVATE|SALT|AUTH|DSN/i.test(key) || /:\/\/[^/\s:@]*:[^/\s@]+@/.test(value);
}
