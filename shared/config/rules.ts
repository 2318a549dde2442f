/** What a config must fulfil beyond the schema, where a schema cannot say it, or not so that a person understands it. */
import type { Problem } from '../base/errors.js';
import type { ConfigDocument, HookDocument, StackDocument } from './document.js';
import type { ValuePath, YamlSource } from './yaml-source.js';

/** All problems at once, of the file and of each of its environments. */
export function ruleProblems(document: ConfigDocument, source: YamlSource): Problem[] {
  const environments = Object.entries(document.environments ?? {});
  const parts: [ValuePath, StackDocument][] = [
    [[], document],
    ...environments.map(([name, part]): [ValuePath, StackDocument] => [['environments', name], part]),
  ];
  return parts.flatMap(([path, part]) => [...pathProblems(part, path, source), ...hookProblems(part, path, source)]);
}

/** `..` would make two projects share a folder without anyone having said so. */
function pathProblems(part: StackDocument, at: ValuePath, source: YamlSource): Problem[] {
  const message = part.path === undefined ? undefined : hostPathProblem(part.path);
  return message === undefined ? [] : [source.problem([...at, 'path'], `path ${message}`)];
}

/** Why a folder cannot be a project's on the host; undefined for one that can. */
export function hostPathProblem(path: string): string | undefined {
  if (!/^(\/|~\/)/.test(path)) return `must be a folder on the host: absolute, or beginning with "~/", not "${path}"`;
  if (/[\u0000-\u001f\u007f]/.test(path)) return 'must be one line without control characters';
  const parts = path
    .replace(/^~/, '')
    .split('/')
    .filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) return `must not contain "..": "${path}"`;
  if (parts.length === 0) return `must be a folder of the project's own, not "${path}"`;
  return undefined;
}

function hookProblems({ hooks }: StackDocument, at: ValuePath, source: YamlSource): Problem[] {
  return Object.entries(hooks ?? {}).flatMap(([when, list]) =>
    list.flatMap((hook, index) => {
      const message = hookProblem(hook);
      return message === undefined
        ? []
        : [source.problem([...at, 'hooks', when, index], `hooks.${when}[${index}] ${message}`)];
    }),
  );
}

function hookProblem(hook: HookDocument): string | undefined {
  if (hook.host !== undefined) {
    return hook.command === undefined ? undefined : 'says its command with "host" already: remove "command"';
  }
  return hook.command === undefined ? 'needs a "command"' : undefined;
}
