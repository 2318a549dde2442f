// The files of this repository, as its checks see them: what is in git or would be added to it, never what is built.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The repository's folder: this module runs compiled, from build/test/repository. */
export const root = resolve(import.meta.dirname, '../../..');

export const inRoot = (path: string): string => join(root, path);

export const read = (path: string): string => readFileSync(inRoot(path), 'utf8');

/** Paths relative to the root, in git's order. */
export function files(...patterns: string[]): string[] {
  const listed = execFileSync(
    'git',
    ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...patterns],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  return listed.split('\0').filter((path) => path !== '' && existsSync(inRoot(path)));
}

/** The folders of the actions: `action-deploy`, … */
export const actions = (): string[] => files('action-*/action.yml').map((path) => path.slice(0, path.indexOf('/')));
