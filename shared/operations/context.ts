import type { Log } from '../base/log.js';
import type { Redactor } from '../base/redactor.js';

/** What an operation is given by the edge beside its request. */
export interface DeployContext {
  readonly log: Log;
  readonly redactor: Redactor;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
}
