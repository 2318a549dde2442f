/** The short and long forms that Compose allows for one thing. */
import type { Place, YamlValue } from './yaml-value.js';

export interface PlacedText {
  readonly text: string;
  readonly place: Place;
}

/** A text, or a list of them. */
export function textsOf(value: YamlValue | undefined): PlacedText[] {
  if (value === undefined) return [];
  const { text } = value;
  return text === undefined ? value.items.flatMap(textsOf) : [{ text, place: value.place }];
}

/** A map, or a list of `key=value`. */
export function pairsOf(value: YamlValue | undefined): Map<string, PlacedText> {
  if (value === undefined) return new Map();
  if (value.isMap) {
    return new Map([...value.entries].flatMap(([key, one]) => textsOf(one).map((text) => [key, text] as const)));
  }
  return new Map(
    textsOf(value).map(({ text, place }) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, { text: '', place }] : [text.slice(0, at), { text: text.slice(at + 1), place }];
    }),
  );
}

/** What is no path of the checkout: a git or web address, another service, an image, an OCI artifact. */
export function isRemote(path: string): boolean {
  return path.includes('://') || /^(?:github\.com\/|git@|service:|oci:)/.test(path);
}

/** Whether a path belongs to the host: absolute, or below somebody's home. */
export function isOfHost(path: string): boolean {
  return path.startsWith('/') || path.startsWith('~');
}
