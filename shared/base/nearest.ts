import { distance } from 'fastest-levenshtein';

/** The known name that someone most likely meant, when one is near enough to say so. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const far = distance(plain(name), plain(candidate));
    if (best === undefined || far < best.distance) best = { name: candidate, distance: far };
  }
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.name : undefined;
}
