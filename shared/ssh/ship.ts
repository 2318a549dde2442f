/** Many files to a host as one tar stream: one session, one payload. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import type { HostShell, RunOptions, RunResult } from './host-shell.js';
import type { ShellText } from './shell-text.js';

type EntryHeader = Parameters<Pack['entry']>[0];

/** Paths are relative, with `/`. `size` is the file's: one that changes while it is read is an error. */
export type TarEntry =
  | {
      readonly path: string;
      readonly mode: number;
      readonly content: string | Buffer | { readonly file: string; readonly size: number };
    }
  | { readonly path: string; readonly linkTo: string }
  | { readonly path: string; readonly directory: true; readonly mode: number };

/**
 * Runs `script` with the entries as a tar archive on its standard input, such as `tar -xpf - -C dir --no-same-owner`.
 * @throws HostFailure as `run` does, and when an entry cannot be read: then the script is ended before its input is.
 */
export async function shipTar(
  shell: HostShell,
  script: ShellText,
  entries: AsyncIterable<TarEntry> | Iterable<TarEntry>,
  options: Omit<RunOptions, 'stdin'> = {},
): Promise<RunResult> {
  const archive = pack();
  const filling = fill(archive, entries).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const stdin = Readable.from(archive, { objectMode: false, highWaterMark: 256 * 1024 });
  try {
    return await shell.run(script, { ...options, stdin });
  } finally {
    // A script that is content with less leaves us in the middle of an entry.
    archive.destroy();
    await filling;
  }
}

async function fill(archive: Pack, entries: AsyncIterable<TarEntry> | Iterable<TarEntry>): Promise<void> {
  for await (const entry of entries) {
    if (archive.destroyed) return;
    await add(archive, entry);
  }
  archive.finalize();
}

async function add(archive: Pack, entry: TarEntry): Promise<void> {
  if ('linkTo' in entry) return written(archive, { name: entry.path, type: 'symlink', linkname: entry.linkTo });
  if ('directory' in entry) return written(archive, { name: entry.path, type: 'directory', mode: entry.mode });
  const header = { name: entry.path, mode: entry.mode };
  if (typeof entry.content === 'string' || Buffer.isBuffer(entry.content))
    return written(archive, header, Buffer.from(entry.content));
  return copied(archive, { ...header, size: entry.content.size }, entry.content.file);
}

async function written(archive: Pack, header: EntryHeader, content?: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const settle = (error?: Error | null): void => {
      if (error) reject(error);
      else resolve();
    };
    if (content === undefined) archive.entry(header, settle);
    else archive.entry(header, content, settle);
    if (archive.destroyed) resolve();
  });
}

async function copied(archive: Pack, header: EntryHeader, file: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const source = createReadStream(file, { highWaterMark: 256 * 1024 });
    const entry = archive.entry(header, (error) => {
      source.destroy();
      if (error) reject(error);
      else resolve();
    });
    entry.once('error', reject);
    source.once('error', reject);
    source.pipe(entry);
  });
}
