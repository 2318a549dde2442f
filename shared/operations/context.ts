import type { Log } from '../base/log.js';
import type { Hide } from './host-env.js';

/** What an operation is given by the edge beside its request. */
export interface DeployContext {
  readonly log: Log;
  /** Makes values of the host's own `.env` unreadable in everything that is printed from then on. */
  readonly hide: Hide;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
}
