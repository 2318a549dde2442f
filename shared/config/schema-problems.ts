/** What the schema finds wrong, said so that a person sees what to write instead, at the place where it stands. */
import type { Problem } from '../base/errors.js';
import { nearest } from '../base/nearest.js';
import { schemaErrors, type SchemaError } from './schema.js';
import type { ValuePath, YamlSource } from './yaml-source.js';

/** All problems at once. */
export function schemaProblems(source: YamlSource): Problem[] {
  const found = new Map<string, Problem>();
  for (const error of schemaErrors(source.value).filter(isOfItsOwn)) {
    const problem = problemOf(source, error);
    found.set(JSON.stringify(problem), problem);
  }
  return [...found.values()];
}

/** Not what only says that a part of a choice failed: the choice itself, or the part, is named by another error. */
const isOfItsOwn = ({ keyword, schemaPath }: SchemaError): boolean =>
  keyword !== 'if' && !/\/oneOf\/\d/.test(schemaPath);

function problemOf(source: YamlSource, error: SchemaError): Problem {
  const path = pathOf(error.instancePath, source.value);
  const name = nameOf(path);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(source, path, String(params['additionalProperty']), error.parentSchema);
    case 'required':
      return source.problem(path, `${quoted(nameOf([...path, String(params['missingProperty'])]))} is missing`);
    case 'oneOf':
      return source.problem(path, `${name} needs exactly one of ${choicesOf(error.parentSchema).join(', ')}`);
    default:
      return source.problem(path, valueMessage(name, error));
  }
}

function unknownKey(source: YamlSource, path: ValuePath, key: string, schema: SchemaError['parentSchema']): Problem {
  const known = Object.keys((schema?.['properties'] ?? {}) as object);
  const near = nearest(key, known);
  const meant = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
  return source.problemWithKey([...path, key], `unknown key ${quoted(nameOf([...path, key]))}; ${meant}`);
}

function valueMessage(name: string, error: SchemaError): string {
  const { keyword, data, parentSchema } = error;
  const title: unknown = parentSchema?.['title'];
  if (data === null) return `${name} is empty: give it a value, or remove it`;
  if (typeof title === 'string' && name !== THE_FILE) return `${name} must be ${title}, not ${shown(data)}`;
  const params = error.params as Record<string, unknown>;
  switch (keyword) {
    case 'const':
      return `${name} must be ${shown(params['allowedValue'])}, not ${shown(data)}`;
    case 'enum': {
      const allowed = params['allowedValues'] as unknown[];
      const near = typeof data === 'string' ? nearest(data, allowed.map(String)) : undefined;
      const hint = near === undefined ? '' : `; did you mean "${near}"?`;
      return `${name} must be ${allowed.map(String).join(' or ')}, not ${shown(data)}${hint}`;
    }
    case 'type':
      return `${name} must be ${typeNames(params['type'])}, not ${shown(data)}${quoteHint(data, params['type'])}`;
    case 'minimum':
      return `${name} must be ${String(params['limit'])} or more, not ${shown(data)}`;
    case 'minLength':
    case 'minItems':
      return `${name} is empty: give it a value, or remove it`;
    default:
      return `${name} ${error.message ?? 'is not as it should be'}`;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a map',
  integer: 'a whole number',
  boolean: 'true or false',
};

function typeNames(types: unknown): string {
  const list = Array.isArray(types) ? types.map(String) : [String(types)];
  return list.map((type) => TYPES[type] ?? type).join(' or ');
}

/** YAML reads `1.10` as a number and drops its zero: text that looks like a number needs quotes. */
function quoteHint(data: unknown, types: unknown): string {
  const plain = typeof data === 'number' || typeof data === 'boolean';
  return plain && [types].flat().includes('string') ? ': put it in quotes' : '';
}

function choicesOf(schema: SchemaError['parentSchema']): string[] {
  const choices = (schema?.['oneOf'] ?? []) as { required?: string[] }[];
  return choices.flatMap(({ required = [] }) => required);
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'a map';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}..."` : text;
}

const quoted = (text: string): string => `"${text}"`;

const THE_FILE = 'the file';

/** A path as people write it: `hooks.before-switch[0].run`. */
function nameOf(path: ValuePath): string {
  if (path.length === 0) return THE_FILE;
  return path.map((step, at) => (typeof step === 'number' ? `[${step}]` : at === 0 ? step : `.${step}`)).join('');
}

/** The steps of a JSON pointer, those into lists as numbers. */
function pathOf(pointer: string, top: unknown): ValuePath {
  let value = top;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const step = Array.isArray(value) ? Number(key) : key;
      value = (value as Record<string | number, unknown>)[step];
      return step;
    });
}
