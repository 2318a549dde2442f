/** Hooks as steps: in a one-off container of the new image, in a running service, or on the host itself. */
import { projectArguments, type ComposeCall } from '../compose/command.js';
import { sh, type ShellText } from '../ssh/shell-text.js';
import type { Step } from './steps.js';

export interface HookTask {
  readonly kind: 'run' | 'exec' | 'host';
  readonly service?: string;
  readonly command: readonly string[];
  /** Milliseconds. */
  readonly timeout: number;
}

export interface HookPlace {
  readonly path: string;
  /** One Compose call, environment and all. */
  readonly compose: (args: readonly string[]) => ShellText;
  /** The call whose files a `run` or `exec` uses. */
  readonly call: ComposeCall;
  /** What the one-off container of a `run` is called. */
  readonly container: string;
  /** `NAME=value` words for a hook on the host. */
  readonly environment: ShellText;
}

/** `migrate: run web python manage.py migrate`, as people know it. */
export function hookTitle({ kind, service, command }: HookTask): string {
  return [kind, service, ...command]
    .filter((word) => word !== undefined)
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}

/** @param mountPoints files that the host lacks and that are mounted into the hook's container */
export function hookStep(hook: HookTask, place: HookPlace, mountPoints: readonly string[] = []): Step {
  const seconds = Math.max(1, Math.ceil(hook.timeout / 1000));
  return {
    kind: 'hook',
    title: hookTitle(hook),
    command: hookCommand(hook, place),
    seconds,
    ...(mountPoints.length === 0 ? {} : { mountPoints }),
    ...(hook.kind === 'run' ? { container: place.container } : {}),
    ...(hook.kind === 'exec' ? { inside: limitedInside(hook, place, seconds) } : {}),
  };
}

function hookCommand(
  { kind, service = '', command }: HookTask,
  { path, compose, call, environment, container }: HookPlace,
): ShellText {
  switch (kind) {
    case 'run':
      return compose([
        ...projectArguments(call),
        ...['run', '--rm', '--no-deps', '-T', '--name', container],
        ...[service, ...command],
      ]);
    case 'exec':
      return compose([...projectArguments(call), 'exec', '-T', service, ...command]);
    case 'host':
      return sh`env -i ${environment} sh -c 'cd "$1" && shift && exec "$@"' homeport ${path} ${command}`;
  }
}

/** Docker cannot end what it began inside a running container; a `timeout` that is there can. */
function limitedInside(
  { service = '', command }: HookTask,
  { compose, call }: HookPlace,
  seconds: number,
): NonNullable<Extract<Step, { kind: 'hook' }>['inside']> {
  const exec = (words: readonly string[]): ShellText =>
    compose([...projectArguments(call), 'exec', '-T', service, ...words]);
  return {
    service,
    possible: exec(['timeout', '-k', '1', '1', 'true']),
    command: exec(['timeout', '-k', '10', String(seconds), ...command]),
  };
}
