/**
 * Runs the main function of an action: the one place where a step is set to failed, where signals become a cancellation,
 * and where bad input, a failing host and a defect of ours are told apart.
 */
import { setFailed } from '@actions/core';
import { describeProblem, HostFailure, messageOf, UserError, type Problem } from '../base/errors.js';
import { Redactor } from '../base/redactor.js';
import { annotateProblems } from './annotation.js';
import { ActionLog } from './log.js';

export interface ActionContext {
  readonly log: ActionLog;
  readonly redactor: Redactor;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
}

/** What makes the step fail, cause first; undefined when it ended well. */
export type Ending = string | undefined;

/** What the runner cuts a message at, less what an encoding adds. */
const LONGEST_MESSAGE = 4000;
/** Milliseconds, for what is being written still. */
const PATIENCE = 2000;

export async function runAction(main: (context: ActionContext) => Promise<Ending>): Promise<void> {
  const redactor = new Redactor();
  const log = new ActionLog(redactor);
  const cancellation = listenForCancellation(log);
  try {
    const failure = await main({ log, redactor, signal: cancellation.signal });
    log.close();
    if (failure !== undefined) fail(failure, redactor);
  } catch (error) {
    log.close();
    if (error instanceof UserError) annotateProblems(error.problems, redactor);
    for (const line of lastLinesOf(error)) log.output(line);
    log.close();
    fail(describe(error), redactor);
  } finally {
    cancellation.stop();
  }
}

/** For the end of an entry file: a handle that nobody closed must not keep the job, and the runner's bill, running. */
export function leaveSoon(): void {
  setTimeout(() => process.exit(), PATIENCE).unref();
}

function fail(message: string, redactor: Redactor): void {
  const text = redactor.redact(message);
  setFailed(text.length > LONGEST_MESSAGE ? `${text.slice(0, LONGEST_MESSAGE)}…` : text);
}

const lastLinesOf = (error: unknown): readonly string[] => (error instanceof HostFailure ? error.lastLines : []);

/** A person's mistake and a host's answer need no stack; anything else is a defect of ours, which is found by it. */
function describe(error: unknown): string {
  if (error instanceof UserError) return userMessage(error.problems);
  if (error instanceof HostFailure)
    return error.message.includes(error.host) ? error.message : `${error.host}: ${error.message}`;
  if (error instanceof Error && error.name === 'AbortError') return 'the job was cancelled';
  const stack = error instanceof Error ? error.stack : undefined;
  return `Homeport has a defect, please report it: ${messageOf(error)}${stack === undefined ? '' : `\n${stack}`}`;
}

function userMessage(problems: readonly Problem[]): string {
  const lines = problems.map(describeProblem);
  return lines.length === 1
    ? lines.join('')
    : `${lines.length} problems:\n${lines.map((line) => `- ${line}`).join('\n')}`;
}

/** GitHub cancels with SIGINT, and seven seconds later with SIGTERM: the first is a request, the second is obeyed at once. */
function listenForCancellation(log: ActionLog): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(name === 'SIGINT' ? 130 : 143);
    log.info(`cancelled (${name}): ending in good order; a second signal ends at once`);
    const reason = new Error('the job was cancelled');
    reason.name = 'AbortError';
    controller.abort(reason);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  const stop = (): void => {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  };
  return { signal: controller.signal, stop };
}
