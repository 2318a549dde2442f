/**
 * Which variables a stack must have been started with, from what its containers have: `image: acme/web:${TAG}` and an image
 * `acme/web:v2` tell TAG. A guess, to be proven by the config hash; what needs more than one look at a text is left alone.
 */
import { pairsOf, textsOf } from './yaml-forms.js';
import { YamlFile, type YamlValue } from './yaml-value.js';

/** What a service's containers have, where a compose file has a text with variables. */
export interface ActualTexts {
  readonly image: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

const MARK = '\uE000';
const NAME = new RegExp(`${MARK}([^${MARK}]*)${MARK}`);

/**
 * @param texts the compose files in Compose's order: later ones override
 * @param services those that do not have what the files say
 */
export function deriveVariables(
  texts: readonly string[],
  services: ReadonlyMap<string, ActualTexts>,
): Map<string, string> {
  const found = new Map<string, string>();
  // The first value that a variable gets stays: where another one is right, the proof fails and nothing is lost.
  const solve = (template: string | undefined, actual: string | undefined): void => {
    if (template === undefined || actual === undefined) return;
    for (const [name, value] of solution(template, actual)) if (!found.has(name)) found.set(name, value);
  };
  const files = texts.map((text) => new YamlFile(text, '', (name) => `${MARK}${name}${MARK}`)).reverse();
  for (const [service, actual] of services) {
    const parts = files.flatMap(({ roots }) => roots.flatMap((root) => root.get('services')?.get(service) ?? []));
    solve(parts.flatMap((part) => part.get('image')?.text ?? [])[0], actual.image);
    for (const key of ['environment', 'labels'] as const) {
      for (const part of parts)
        for (const [name, template] of templates(part.get(key))) solve(template, actual[key][name]);
    }
  }
  return found;
}

/** A key without a value is the variable of that name. */
function templates(value: YamlValue | undefined): Map<string, string> {
  const found = new Map([...pairsOf(value)].map(([name, { text }]) => [name, text]));
  if (value === undefined) return found;
  const bare = value.isMap
    ? [...value.entries].filter(([, one]) => one.text === undefined).map(([name]) => name)
    : textsOf(value).flatMap(({ text }) => (text.includes('=') ? [] : [text]));
  for (const name of bare) found.set(name, `${MARK}${name}${MARK}`);
  return found;
}

/** @returns nothing where the text cannot have become the actual one, or has no variable */
function solution(template: string, actual: string): [string, string][] {
  const [first = '', ...rest] = template.split(NAME);
  const names = rest.filter((_, index) => index % 2 === 0);
  const literals = rest.filter((_, index) => index % 2 === 1);
  if (names.length === 0) return [];
  const pattern = literals.map((literal) => `([^]*?)${escaped(literal)}`).join('');
  const values = new RegExp(`^${escaped(first)}${pattern}$`).exec(actual)?.slice(1) ?? [];
  return values.map((value, index) => [names[index] ?? '', value]);
}

function escaped(literal: string): string {
  return literal.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
