/** Where the stories below the action's edge write: the edge decides how it looks, and redacts it. */
import type { Problem } from './errors.js';

export type Place = Pick<Problem, 'file' | 'line' | 'column'>;

export interface Log {
  /** One line that is always shown. */
  info(line: string): void;
  /** A line that matters only when something went wrong or debugging is on. */
  debug(line: string): void;
  /** @param place in the checkout, where the line is shown too */
  warning(line: string, place?: Place): void;
  /** Untrusted text of a host or container: shown, never obeyed. */
  output(line: string): void;
  /** Runs `work` as one named phase: a group in the log, its time taken. */
  phase<T>(name: string, work: () => Promise<T>): Promise<T>;
}

/** A log that says nothing, for what must be quiet. */
export const silentLog: Log = {
  info: () => undefined,
  debug: () => undefined,
  warning: () => undefined,
  output: () => undefined,
  phase: async (_name, work) => work(),
};
