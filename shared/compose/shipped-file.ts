/** From a file of the checkout to what is known of it when it travels. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { ShippedFile } from './shipment.js';
import type { WalkedFile } from './walk.js';

/** @param path POSIX, relative to the root */
export async function describeFile(path: string, { file, link }: WalkedFile): Promise<ShippedFile> {
  if (link !== undefined) {
    const sha256 = createHash('sha256').update(link).digest('hex');
    return { path, file, mode: 0o777, size: 0, sha256, link };
  }
  const { mode, size } = await stat(file);
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { path, file, mode: shippedMode(mode), size, sha256: hash.digest('hex') };
}

/**
 * What git keeps of a mode, so that two runners ship the same; and what is closed to others stays closed: a step that writes
 * a secret's file with 0600 means it.
 */
function shippedMode(mode: number): number {
  const executable = (mode & 0o100) !== 0;
  if ((mode & 0o077) === 0) return executable ? 0o700 : 0o600;
  return executable ? 0o755 : 0o644;
}
