/**
 * Which of a stack's own image names go with the releases that recorded them: with a tag for every version, the names alone
 * would fill a disk. Only what was fetched or built by us is ours to name away.
 */
import { parseImageReference } from '../host/image-reference.js';
import type { Manifest, ReleaseImage } from './manifest.js';

/** Names that a release which goes has recorded and none that stays; each still has to mean that image on the host. */
export function spareNames(
  gone: readonly Manifest[],
  kept: readonly Manifest[],
): { readonly reference: string; readonly id: string }[] {
  const needed = new Set(kept.flatMap(imagesOf).map(({ reference }) => canonicalName(reference)));
  const spare = gone
    .flatMap(imagesOf)
    .filter(({ reference, pinned, buildInputs }) => {
      const ours = pinned !== undefined || buildInputs !== undefined;
      return ours && !reference.includes('@') && !needed.has(canonicalName(reference));
    })
    .map(({ reference, id }): [string, { reference: string; id: string }] => [`${reference} ${id}`, { reference, id }]);
  return [...new Map(spare).values()];
}

function imagesOf({ services }: Manifest): ReleaseImage[] {
  return Object.values(services).map(({ image }) => image);
}

/** `postgres`, `postgres:latest` and `docker.io/library/postgres` are one name. */
export function canonicalName(reference: string): string {
  try {
    const { repository, tag } = parseImageReference(reference);
    return `${repository}:${tag ?? 'latest'}`;
  } catch {
    // A container can be made from an id.
    return reference;
  }
}
