/** Takes away, with the releases that go, the image names that only they gave: never one that anything on the engine still uses. */
import { parseManifest, type Manifest } from '../release/manifest.js';
import { canonicalName, spareNames } from '../release/spare-names.js';
import { lines, sh } from '../ssh/shell-text.js';
import type { OpenHost } from './open-host.js';

const NEXT = '--- homeport release';

/**
 * Names of the stack's own that no kept release records, and the images they mean; read before the releases' folders go.
 * Where one of those that stay cannot be read, nothing is known to be spare.
 */
export async function namesToFree(
  host: OpenHost,
  gone: readonly string[],
  kept: readonly string[],
): Promise<ReturnType<typeof spareNames>> {
  if (gone.length === 0) return [];
  const manifests = await readManifests(host, [...gone, ...kept]);
  const [going, staying] = [gone, kept].map((ids) => ids.flatMap((id) => manifests.get(id) ?? []));
  return staying?.length === kept.length ? spareNames(going ?? [], staying) : [];
}

/** @returns the names that went */
export async function freeNames(
  { engine }: Pick<OpenHost, 'engine'>,
  names: ReturnType<typeof spareNames>,
): Promise<string[]> {
  if (names.length === 0) return [];
  const used = new Set((await engine.containers()).map(({ image }) => canonicalName(image)));
  // An image that a container uses keeps its last name: `untag` looks.
  const freed: string[] = [];
  // One after the other: an image goes with its last name, and only who takes that one away cleans up behind it.
  for (const { reference, id } of names) {
    if (used.has(canonicalName(reference)) || (await engine.inspectImage(reference))?.id !== id) continue;
    if (await engine.untag(reference)) freed.push(reference);
  }
  return freed;
}

/** Those without a manifest, which never came to a switch, have none in the result. */
async function readManifests(host: OpenHost, ids: readonly string[]): Promise<Map<string, Manifest>> {
  const { stdout } = await host.shell.run(
    lines(...ids.map((id) => sh`echo ${`${NEXT} ${id}`}; cat ${host.layout.release(id).manifest} 2>/dev/null; echo`)),
  );
  const found = new Map<string, Manifest>();
  for (const part of stdout.split(`${NEXT} `)) {
    const at = part.indexOf('\n');
    const text = part.slice(at + 1).trim();
    if (at >= 0 && text !== '') found.set(part.slice(0, at), parseManifest(text));
  }
  return found;
}
