/** The logins of the input `registries`, one `registry username password` a line. Messages name the line, never what is in it. */
import { UserError, type Problem } from '../base/errors.js';
import type { RegistryLogin } from '../host/registry-login.js';

/** @throws UserError with every line that is no login */
export function parseRegistries(text: string): RegistryLogin[] {
  const problems: Problem[] = [];
  const logins = text.split(/\r?\n/).flatMap((line, index): RegistryLogin[] => {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    // Only the first two blanks separate: a password may hold some.
    const match = /^(\S+)\s+(\S+)\s+(\S.*)$/.exec(trimmed);
    if (match === null) {
      problems.push({
        message: `registries, line ${index + 1}: must be "registry username password"${emptySecretHint(trimmed)}`,
      });
      return [];
    }
    const [, registry = '', username = '', password = ''] = match;
    return [{ registry: registryName(registry), username, password }];
  });
  if (problems.length > 0) throw new UserError(problems);
  return logins;
}

/** Two words are what is left of a line whose secret was empty. */
const emptySecretHint = (line: string): string =>
  /^\S+\s+\S+$/.test(line) ? '; the password is missing: is its secret empty?' : '';

/** Docker Hub has several names; an address is not one. */
export function registryName(given: string): string {
  const name = given
    .replace(/^https?:\/\//, '')
    .replace(/\/.*$/, '')
    .toLowerCase();
  return ['index.docker.io', 'registry-1.docker.io', 'registry.hub.docker.com'].includes(name) ? 'docker.io' : name;
}

/** The job's own token for GitHub's registry, where the workflow gave no login of its own for that. */
export function withJobToken(
  logins: readonly RegistryLogin[],
  token: string | undefined,
  actor: string,
): readonly RegistryLogin[] {
  if (token === undefined || logins.some(({ registry }) => registry === 'ghcr.io')) return logins;
  return [...logins, { registry: 'ghcr.io', username: actor, password: token, optional: true }];
}
