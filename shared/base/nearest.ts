import { distance } from 'fastest-levenshtein';

/** The known name that someone most likely meant, when one is near enough to say so. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const far = slips(plain(name), plain(candidate));
    if (best === undefined || far < best.distance) best = { name: candidate, distance: far };
  }
  return best !== undefined && best.distance <= Math.max(2, Math.floor(name.length / 3)) ? best.name : undefined;
}

/** How many slips of the pen lie between two names; two letters that changed places are one. */
export function slips(a: string, b: string): number {
  const letters = (text: string): string => Array.from(text).sort().join('');
  const far = distance(a, b);
  return far === 2 && letters(a) === letters(b) ? 1 : far;
}
