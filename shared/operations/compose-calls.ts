/** How Compose is called for a release: where it is staged, where it serves, and where the previous one did. */
import { posix } from 'node:path';
import type { ComposeCall } from '../compose/command.js';

export interface CallSubject {
  readonly project: string;
  readonly composeFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Relative; absent: `.env`. Empty: none is named, and Compose looks for itself as it does for an operator. */
  readonly envFile?: string;
}

/** In a folder that holds the release's files: the project's own path, or where they are staged. */
export function composeCall(
  { project, composeFiles, profiles, envFile = '.env' }: CallSubject,
  folder: string,
): ComposeCall {
  const [first = ''] = composeFiles;
  return {
    project,
    directory: posix.join(folder, posix.dirname(first)),
    files: composeFiles.map((file) => posix.join(folder, file)),
    envFile: envFile === '' ? undefined : posix.join(folder, envFile),
    profiles,
  };
}

/**
 * A resolved model on standard input, in the place where it will serve; it needs no environment any more, but its profiles:
 * services of the others are left out of every answer.
 */
export function modelCall({ project, composeFiles, profiles }: CallSubject, folder: string): ComposeCall {
  const [first = ''] = composeFiles;
  return { project, directory: posix.join(folder, posix.dirname(first)), files: ['-'], profiles };
}
