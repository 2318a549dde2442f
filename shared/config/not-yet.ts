/**
 * What the config may say already, but this version does not do. A deploy that left it out silently would claim a
 * check, a backup or a message that never was, so asking for it is an error before anything is done.
 */
import type { Problem } from '../base/errors.js';
import type { StackDocument } from './document.js';
import type { LoadedConfig } from './load.js';
import type { ValuePath } from './yaml-source.js';

/** One sentence, the same everywhere. */
export function notYet(what: string, instead = ''): string {
  return `${what} is not there yet (it comes with a later version)${instead === '' ? '' : `; ${instead}`}`;
}

/** What a deploy with this config would have to leave out. `backup` is the input of that name. */
export function notYetInConfig(loaded: LoadedConfig, backup: 'auto' | 'always' | 'never'): Problem[] {
  return asked(loaded.document, backup).map(({ path, message }) => problemAt(loaded, path, message));
}

interface Asked {
  readonly path: ValuePath;
  readonly message: string;
}

const GATE = 'remove it: nothing is claimed that was not checked';

function asked(document: StackDocument, backup: 'auto' | 'always' | 'never'): Asked[] {
  const found: Asked[] = [];
  const ask = (when: boolean, path: ValuePath, what: string, instead = ''): void => {
    if (when) found.push({ path, message: notYet(what, instead) });
  };
  ask(hasSmoke(document.smoke), ['smoke'], 'smoke', GATE);
  ask(
    document.backup !== undefined && backup !== 'never',
    ['backup'],
    'backup before a deploy',
    'remove it, or set the input backup to never',
  );
  ask(document['env-check'] !== undefined, ['env-check'], 'env-check', GATE);
  ask(document.policy !== undefined, ['policy'], 'policy', GATE);
  ask((document.rotate ?? []).length > 0, ['rotate'], 'rotate', 'remove it');
  ask((document.notify ?? []).length > 0, ['notify'], 'notify', 'remove it: nobody would be told');
  ask(document['adopt-from'] !== undefined, ['adopt-from'], 'adopt-from');
  ask(document['archive-images'] === true, ['archive-images'], 'archive-images', 'remove it');
  for (const [service, { strategy = 'auto', ...more }] of Object.entries(document.rollout ?? {})) {
    ask(strategy === 'rolling', ['rollout', service, 'strategy'], 'rollout strategy rolling', 'use auto or recreate');
    for (const key of Object.keys(more)) ask(true, ['rollout', service, key], `rollout ${key}`, 'remove it');
  }
  ask(typeof document.host === 'object' && document.host.length > 1, ['host'], 'a deploy to several hosts', 'name one');
  return found;
}

function hasSmoke(smoke: StackDocument['smoke']): boolean {
  if (smoke === undefined) return false;
  const checks = 'checks' in smoke ? smoke.checks : smoke;
  return !Array.isArray(checks) || checks.length > 0;
}

/** Where it was written: in the environment, or for the whole file. */
function problemAt({ source, environment }: LoadedConfig, path: ValuePath, message: string): Problem {
  if (source === undefined) return { message };
  const own: ValuePath = ['environments', environment ?? '', ...path];
  return source.problemWithKey(environment !== undefined && source.has(own) ? own : path, message);
}
