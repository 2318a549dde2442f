/**
 * Two kinds of failure that a person reads: what they wrote is wrong (UserError, nothing was changed), and what a host
 * did (HostFailure: which host, what was tried, what it printed last). Anything else is a defect of ours, shown with its stack.
 */

/** One thing that is wrong in what a user wrote. `file`, `line` and `column` (both from 1) say where, when it is in a file. */
export interface Problem {
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** Bad input. Carries all the problems at once; the message is all of them, one a line. */
export class UserError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: string | Problem | readonly Problem[]) {
    const list = typeof problems === 'string' ? [{ message: problems }] : 'message' in problems ? [problems] : problems;
    super(list.map(describeProblem).join('\n'));
    this.name = 'UserError';
    this.problems = list;
  }
}

/** A host did not do what it was asked. `lastLines` is what it printed last, already free of secrets only after redaction. */
export class HostFailure extends Error {
  readonly host: string;
  readonly lastLines: readonly string[];

  constructor(host: string, message: string, lastLines: readonly string[] = [], options?: ErrorOptions) {
    super(message, options);
    this.name = 'HostFailure';
    this.host = host;
    this.lastLines = lastLines;
  }
}

/** `file:line:column: message`, with what is known of the place. */
export function describeProblem(problem: Problem): string {
  const place = [problem.file, problem.line, problem.column].filter((part) => part !== undefined).join(':');
  return place === '' ? problem.message : `${place}: ${problem.message}`;
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
