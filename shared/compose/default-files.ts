/** Which files Compose takes when none are named. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../base/errors.js';
import type { NamedRoot } from './inside.js';

/** Compose's own names for its file, in the order in which it looks. */
export const DEFAULT_FILES: readonly string[] = [
  'compose.yaml',
  'compose.yml',
  'docker-compose.yml',
  'docker-compose.yaml',
];
export const OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/**
 * The named files; else those of `COMPOSE_FILE` in the stack's environment; else the first default name in the folder, and an
 * override file beside it. Relative to the root.
 * @throws UserError when there is none
 */
export function pickComposeFiles(
  root: NamedRoot,
  named: readonly string[],
  env: Readonly<Record<string, string>>,
): readonly string[] {
  if (named.length > 0) return named;
  const fromEnv = (env['COMPOSE_FILE'] ?? '').split(env['COMPOSE_PATH_SEPARATOR'] ?? ':').filter((file) => file !== '');
  if (fromEnv.length > 0) return fromEnv;
  const inRoot = (name: string): boolean => existsSync(join(root.folder, name));
  const file = DEFAULT_FILES.find(inRoot);
  if (file === undefined) {
    throw new UserError(
      `there is no compose file in ${root.shown}: none of ${DEFAULT_FILES.join(', ')}. Name yours in compose.files, or did you forget the checkout step?`,
    );
  }
  const override = OVERRIDES.find(inRoot);
  return override === undefined ? [file] : [file, override];
}
