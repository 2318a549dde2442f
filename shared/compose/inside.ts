/** Paths of the checkout: inside of its root or not. */
import { isAbsolute, posix, relative, sep } from 'node:path';

/** `path` relative to the folder `root`, POSIX, `''` for the root itself; undefined when it lies elsewhere. Both absolute. */
export function relativeTo(root: string, path: string): string | undefined {
  const way = relative(root, path);
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) return undefined;
  return way.split(sep).join('/');
}

/** The root of a project, and how messages name what is in it: as seen from the checkout, where annotations look. */
export class NamedRoot {
  /**
   * @param folder absolute
   * @param name the folder as seen from the checkout, `''` for the checkout itself
   */
  constructor(
    readonly folder: string,
    private readonly name: string,
  ) {}

  /** For a sentence. */
  get shown(): string {
    return this.name === '' ? 'the checkout' : this.name;
  }

  /** A file of the project; one that lies elsewhere as it is. */
  show(file: string): string {
    const path = relativeTo(this.folder, file);
    return path === undefined ? file : posix.join(this.name, path);
  }
}
