/** Paths of the checkout: inside of its root or not. */
import { isAbsolute, relative, sep } from 'node:path';

/** `path` relative to the folder `root`, POSIX, `''` for the root itself; undefined when it lies elsewhere. Both absolute. */
export function relativeTo(root: string, path: string): string | undefined {
  const way = relative(root, path);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  return way.split(sep).join('/');
}
