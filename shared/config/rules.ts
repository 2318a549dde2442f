/** What a config must fulfil beyond the schema, where a schema cannot say it, or not so that a person understands it. */
import type { Problem } from '../base/errors.js';
import type { ValuePath, YamlSource } from './yaml-source.js';

/**
 * All problems at once, of the file and of each of its environments. What has another shape than the schema's is left
 * to the schema's own complaints, which are shown beside these.
 */
export function ruleProblems(source: YamlSource): Problem[] {
  const document = recordOf(source.value);
  const environments = Object.entries(recordOf(document['environments']));
  const parts: [ValuePath, unknown][] = [
    [[], document],
    ...environments.map(([name, part]): [ValuePath, unknown] => [['environments', name], part]),
  ];
  return parts.flatMap(([path, part]) => [
    ...pathProblems(recordOf(part), path, source),
    ...hookProblems(recordOf(part), path, source),
  ]);
}

/** `..` would make two projects share a folder without anyone having said so. */
function pathProblems({ path }: Fields, at: ValuePath, source: YamlSource): Problem[] {
  if (typeof path !== 'string' || !HOST_PATH.test(path)) return [];
  const message = hostPathProblem(path);
  return message === undefined ? [] : [source.problem([...at, 'path'], `path ${message}`)];
}

/** As the schema says it too. */
const HOST_PATH = /^(\/|~\/)[^\n\r]+$/;

/** As the schema calls it too. */
const OWN_FOLDER = "a folder of the project's own on the host, such as /srv/shop or ~/shop";

/** Why a folder cannot be a project's on the host; undefined for one that can. */
export function hostPathProblem(path: string): string | undefined {
  if (!/^(\/|~\/)/.test(path)) return `must be ${OWN_FOLDER}, not "${path}"`;
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'must be one line without control characters';
  // In JSON, in a shell and in a compose file each of these would need another form, and one of the three is always missed.
  if (/["\\$]/.test(path)) return `must not contain a quote, a backslash or a dollar: ${path}`;
  const parts = path
    .replace(/^~/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return `must not contain "..": "${path}"`;
  if (parts.length === 0) return `must be ${OWN_FOLDER}, not "${path}"`;
  return undefined;
}

function hookProblems({ hooks }: Fields, at: ValuePath, source: YamlSource): Problem[] {
  return Object.entries(recordOf(hooks)).flatMap(([when, list]) =>
    (Array.isArray(list) ? list : []).flatMap((hook: unknown, index) => {
      const message = hookProblem(recordOf(hook));
      const path = [...at, 'hooks', when, index];
      return message === undefined ? [] : [source.problem(path, `hooks.${when}[${index}] ${message}`)];
    }),
  );
}

function hookProblem({ run, exec, host, command }: Fields): string | undefined {
  if (host !== undefined) {
    return command === undefined ? undefined : 'says its command with "host" already: remove "command"';
  }
  return (run ?? exec) !== undefined && command === undefined ? 'needs a "command"' : undefined;
}

interface Fields {
  readonly [key: string]: unknown;
}

function recordOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}
