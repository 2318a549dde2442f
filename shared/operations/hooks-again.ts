/**
 * Hooks that a return has to do again, `on-return: rerun`: what they made for the new release, such as static files in a volume,
 * is there for the old one otherwise. They are steps of the prepared revert, since the host may go back alone.
 */
import { missedSteps, parseJournal } from '../host/journal.js';
import { hookStep, type HookTask } from '../release/hook-steps.js';
import type { Step } from '../release/steps.js';
import { sh } from '../ssh/shell-text.js';
import { composeCall } from './compose-calls.js';
import { place, type Subject } from './hook-scripts.js';
import type { DeployRequest } from './request.js';

export interface HooksAgain {
  readonly hooks: readonly HookTask[];
  readonly steps: readonly Step[];
}

/** What a release says of itself, for those that return to it. */
export function rerunHooks({ hooks }: DeployRequest): HookTask[] {
  return [...hooks.beforeSwitch, ...hooks.afterSwitch]
    .filter(({ onReturn }) => onReturn === 'rerun')
    .map(({ kind, service, command, timeout }) => ({
      kind,
      ...(service === undefined ? {} : { service }),
      command,
      timeout,
    }));
}

/** With the image, the files and, where it has any, the hooks of the release that is returned to. @param first number that no hook has */
export function hooksAgain(subject: Subject, first: number): HooksAgain {
  const { host, request, release } = subject;
  const { previous } = release;
  if (previous === undefined) return { hooks: [], steps: [] };
  const own = previous.onReturn ?? [];
  const hooks = (own.length > 0 ? own : rerunHooks(request)).filter(
    ({ service }) => service === undefined || previous.services[service] !== undefined,
  );
  const call = composeCall(previous, host.layout.path);
  const steps = hooks.map((hook, index): Step => {
    const step = hookStep(hook, place(subject, call, first + index));
    return step.kind === 'hook' ? { ...step, again: true } : step;
  });
  return { hooks, steps };
}

/** For the one who has to do it by hand now. */
export function missedWords(missed: readonly string[]): string[] {
  return missed.map((what) => `this was to be done again on the return, and failed: ${what}`);
}

/** What of it failed, as the host wrote it down. */
export async function missedOnReturn({ host, request, release }: Omit<Subject, 'token'>): Promise<string[]> {
  const { previous } = release;
  if (previous === undefined || [...(previous.onReturn ?? []), ...rerunHooks(request)].length === 0) return [];
  const { stdout } = await host.shell.run(sh`cat ${release.layout.journal}`);
  return missedSteps(parseJournal(stdout));
}
