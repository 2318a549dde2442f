/** One environment of a config: which one is meant, and what the file says once that is laid over it. */
import { UserError } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import type { ConfigDocument, StackDocument } from './document.js';
import type { YamlSource } from './yaml-source.js';

/**
 * The name of the environment that is meant: the one asked for, or the only one.
 * @throws UserError for one that is not there, and where there are several and none was named.
 */
export function chooseEnvironment(
  document: ConfigDocument | undefined,
  asked: string,
  source: YamlSource | undefined,
): string | undefined {
  const names = Object.keys(document?.environments ?? {});
  const fail = (message: string): never => {
    throw new UserError(source === undefined ? message : source.problemWithKey(['environments'], message));
  };
  if (asked === '') {
    if (names.length > 1)
      fail(`there are several environments: name one with the input "environment" (${names.join(', ')})`);
    return names[0];
  }
  if (names.includes(asked)) return asked;
  const near = nearest(asked, names);
  const there = names.length === 0 ? 'the config has no environments' : `there are: ${names.join(', ')}`;
  return fail(`unknown environment "${asked}"; ${near === undefined ? there : `did you mean "${near}"? (${there})`}`);
}

/** The file with the environment laid over it: maps key by key, everything else as a whole. */
export function mergedFor(document: ConfigDocument, environment: string | undefined): StackDocument {
  const { environments, ...whole } = document;
  const own = environment === undefined ? undefined : environments?.[environment];
  return own === undefined ? whole : (laidOver(whole, own) as StackDocument);
}

function laidOver(below: unknown, above: unknown): unknown {
  if (!isRecord(below) || !isRecord(above)) return above;
  const merged = new Map(Object.entries(below));
  for (const [key, value] of Object.entries(above))
    merged.set(key, merged.has(key) ? laidOver(merged.get(key), value) : value);
  return Object.fromEntries(merged);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
