/** What a build reads: its context without what `.dockerignore` leaves out, as the builder itself would see it. */
import dockerignore from '@balena/dockerignore';
import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isFile } from './project-files.js';
import { walkFolder, type WalkedFile } from './walk.js';

/**
 * The files of a context.
 * @param folder absolute
 * @param dockerfile absolute; undefined for an inline one or an additional context
 */
export async function contextFiles(folder: string, dockerfile: string | undefined): Promise<WalkedFile[]> {
  const ignoreFile = ignoreFileOf(folder, dockerfile);
  const always = [dockerfile, ignoreFile].filter((file): file is string => file !== undefined && isFile(file));
  const ignored = ignoredBy(ignoreFile);
  const found = await walkFolder(folder, {
    links: 'keep',
    skip: (path, kind) =>
      NEVER.has(posix.basename(path)) || (kind === 'folder' ? ignored.folder(path) : ignored.file(path)),
  });
  const known = new Set(found.map(({ file }) => file));
  return [...found, ...always.filter((file) => !known.has(file)).map((file) => ({ file }))];
}

/** The checkout's credentials are in `.git`; `.homeport` is the host's. */
const NEVER = new Set(['.git', '.homeport']);

/** The one beside the Dockerfile goes before the context's own. */
function ignoreFileOf(folder: string, dockerfile: string | undefined): string | undefined {
  const candidates = [
    ...(dockerfile === undefined ? [] : [`${dockerfile}.dockerignore`]),
    join(folder, '.dockerignore'),
  ];
  return candidates.find((file) => existsSync(file));
}

function ignoredBy(file: string | undefined): Record<'file' | 'folder', (path: string) => boolean> {
  if (file === undefined) return { file: () => false, folder: () => false };
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  const rules = dockerignore.default({ ignorecase: false }).add(text);
  // With an exception somewhere, what lies in an ignored folder may still be wanted.
  const hasExceptions = /^\s*!/m.test(text);
  return { file: (path) => rules.ignores(path), folder: (path) => !hasExceptions && rules.ignores(path) };
}
