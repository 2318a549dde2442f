/** Walks a folder of the checkout for what can travel: regular files, and symbolic links one way or the other. */
import { readdir, readlink, realpath, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { relativeTo } from './inside.js';

export interface WalkedFile {
  /** Absolute, through whatever links lead there. */
  readonly file: string;
  /** Its target, for a symbolic link that is kept as one. */
  readonly link?: string;
}

export interface WalkOptions {
  /** Whether to leave out what is at this POSIX path, relative to the folder; a folder with everything in it. */
  readonly skip: (path: string, kind: 'file' | 'folder') => boolean;
  /** `keep` them as they are, or `follow` them to what they mean, which must be inside of `root`. */
  readonly links: 'keep' | { readonly followInside: string; readonly onBroken: (file: string, target: string) => void };
}

/** In the order of names. Sockets, devices and pipes are left out. */
export async function walkFolder(folder: string, options: WalkOptions): Promise<WalkedFile[]> {
  return new Walk(folder, options).folder(folder, [await realpath(folder)]);
}

class Walk {
  constructor(
    private readonly top: string,
    private readonly options: WalkOptions,
  ) {}

  /** @param way the real folders that it is in: a link back to one of them never ends */
  async folder(folder: string, way: readonly string[]): Promise<WalkedFile[]> {
    const entries = await readdir(folder, { withFileTypes: true });
    const found: WalkedFile[] = [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const file = join(folder, entry.name);
      if (entry.isSymbolicLink()) found.push(...(await this.#link(file, way)));
      else if (entry.isDirectory()) found.push(...(await this.#subfolder(file, way)));
      else if (entry.isFile() && !this.#skips(file, 'file')) found.push({ file });
    }
    return found;
  }

  async #subfolder(folder: string, way: readonly string[]): Promise<WalkedFile[]> {
    return this.#skips(folder, 'folder') ? [] : this.folder(folder, [...way, folder]);
  }

  async #link(file: string, way: readonly string[]): Promise<WalkedFile[]> {
    const { links } = this.options;
    if (links === 'keep') return this.#skips(file, 'file') ? [] : [{ file, link: await readlink(file) }];
    const target = await realpath(file).catch(() => undefined);
    if (target === undefined || relativeTo(links.followInside, target) === undefined) {
      if (!this.#skips(file, 'file')) links.onBroken(file, await readlink(file));
      return [];
    }
    const { isFolder, isFile } = await kindOf(target);
    if (isFile) return this.#skips(file, 'file') ? [] : [{ file }];
    if (!isFolder || way.includes(target) || this.#skips(file, 'folder')) return [];
    return this.folder(file, [...way, target]);
  }

  #skips(path: string, kind: 'file' | 'folder'): boolean {
    return this.options.skip(relative(this.top, path).split(sep).join('/'), kind);
  }
}

async function kindOf(path: string): Promise<{ isFolder: boolean; isFile: boolean }> {
  const stats = await stat(path);
  return { isFolder: stats.isDirectory(), isFile: stats.isFile() };
}
