/** What a config comes to for one environment: plain typed values, defaults included, durations in milliseconds. */
import { parseDuration } from '../base/duration.js';
import type { DeployRequest, Hook } from '../operations/request.js';
import type { HookDocument, Names, StackDocument } from './document.js';

export interface Config {
  readonly project: string | undefined;
  readonly path: string | undefined;
  readonly hosts: readonly string[];
  readonly knownHosts: string | undefined;
  readonly jump: string | undefined;
  readonly extraOptions: string | undefined;
  readonly url: string | undefined;
  readonly composeFiles: readonly string[];
  readonly profiles: readonly string[];
  readonly scale: Readonly<Record<string, number>>;
  readonly ship: readonly string[];
  readonly envFile: string | undefined;
  readonly envSource: DeployRequest['envSource'];
  readonly drift: DeployRequest['drift'];
  readonly adopt: DeployRequest['adopt'];
  readonly hooks: DeployRequest['hooks'];
  readonly health: DeployRequest['health'];
  readonly onFileChange: DeployRequest['onFileChange'];
  readonly pull: DeployRequest['pull'];
  readonly keepReleases: number;
}

const DEFAULT_HEALTH = { timeout: 120_000, stable: 5_000 };
const DEFAULT_HOOK_TIMEOUT = 600_000;
const DEFAULT_KEEP_RELEASES = 5;

/** The values of a document in which the schema has found nothing wrong. */
export function configOf(document: StackDocument): Config {
  const { compose, hooks, health } = document;
  return {
    project: document.project,
    path: document.path,
    hosts: listOf(document.host),
    knownHosts: document['known-hosts'],
    jump: document['ssh-jump'],
    extraOptions: document['ssh-config'],
    url: document.url,
    composeFiles: listOf(compose?.files),
    profiles: listOf(compose?.profiles),
    scale: document.scale ?? {},
    ship: listOf(document.ship),
    envFile: document['env-file'],
    envSource: document['env-source'] ?? 'checkout',
    drift: document.drift ?? 'stop',
    adopt: document.adopt ?? 'exact',
    hooks: {
      beforeSwitch: (hooks?.['before-switch'] ?? []).map(hookOf),
      afterSwitch: (hooks?.['after-switch'] ?? []).map(hookOf),
    },
    health: {
      timeout: duration(health?.timeout, DEFAULT_HEALTH.timeout),
      stable: duration(health?.stable, DEFAULT_HEALTH.stable),
    },
    onFileChange: fileChanges(document['on-file-change'] ?? {}),
    pull: document.pull ?? {},
    keepReleases: document['keep-releases'] ?? DEFAULT_KEEP_RELEASES,
  };
}

function hookOf(hook: HookDocument): Hook {
  const timeout = duration(hook.timeout, DEFAULT_HOOK_TIMEOUT);
  const more = hook['on-return'] === undefined ? {} : { onReturn: hook['on-return'] };
  if (hook.host !== undefined) return { kind: 'host', command: argvOf(hook.host), timeout, ...more };
  const command = argvOf(hook.command ?? []);
  if (hook.run !== undefined) return { kind: 'run', service: hook.run, command, timeout, ...more };
  return { kind: 'exec', service: hook.exec ?? '', command, timeout, ...more };
}

/** A line is for a shell, a list is the words themselves. */
const argvOf = (command: Names): readonly string[] => (typeof command === 'string' ? ['sh', '-c', command] : command);

function fileChanges(given: NonNullable<StackDocument['on-file-change']>): Config['onFileChange'] {
  const reactions = Object.entries(given).map(([service, reaction]) => {
    if (typeof reaction === 'string' || reaction.test === undefined) return [service, reaction] as const;
    return [service, { ...reaction, test: argvOf(reaction.test) }] as const;
  });
  return Object.fromEntries(reactions) as Config['onFileChange'];
}

/** The schema lets nothing through that is no duration. */
const duration = (text: string | number | undefined, otherwise: number): number =>
  text === undefined ? otherwise : (parseDuration(String(text)) ?? otherwise);

const listOf = (names: Names | undefined): readonly string[] => (typeof names === 'string' ? [names] : (names ?? []));
