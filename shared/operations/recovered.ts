/** What a run found half done by earlier ones and what it made of it: said where the run is reported, and kept in the host's log. */
import { HostFailure } from '../base/errors.js';
import type { Store } from '../release/store.js';
import type { DeployRequest } from './request.js';

export interface Deed {
  /** Undefined: it was no release's. */
  readonly release: string | undefined;
  readonly verdict: 'taken-back' | 'finished' | 'ended' | 'removed' | 'cleared' | 'names-healed' | 'failed';
  readonly cause?: string;
}

export interface Recovered {
  readonly store: Store;
  readonly deeds: readonly Deed[];
}

/** The host is still between two releases. */
export class StillHalf extends HostFailure {
  readonly release: string;

  constructor(host: string, release: string, cause: HostFailure) {
    super(host, cause.message, cause.lastLines);
    this.name = 'StillHalf';
    this.release = release;
  }
}

/** For people. */
export function describeDeed({ release, verdict, cause }: Deed): string {
  const which = `release ${release ?? ''}`;
  switch (verdict) {
    case 'taken-back':
      return `${which}, left between two releases by an earlier run, was taken back first${cause === undefined ? '' : `, but: ${cause}`}`;
    case 'finished':
      return `${which} was confirmed by a run that ended just then: it was made the one that serves first`;
    case 'ended':
      return `what a return from ${which} would have needed was removed first: the run that confirmed it ended just then`;
    case 'removed':
      return `${which}, left by a run that ended before its switch, was removed first${cause === undefined ? '' : `; ${cause}`}`;
    case 'cleared':
      return `empty mount points that a hook of ${which} had left were removed first`;
    case 'names-healed':
      return `containers that had lost their names got them again first: ${cause ?? ''}`;
    case 'failed':
      return `${which}, left between two releases by an earlier run, could not be taken back: ${cause ?? ''}`;
  }
}

/** What state a host is in that a run never came to switch: what was done about earlier runs is no part of `nothing`. */
export function stateBeforeSwitch(error: unknown, deeds: readonly Deed[], serving: string): string {
  if (error instanceof StillHalf)
    return `release ${error.release} is still between two releases, and this run began nothing of its own`;
  const first = deeds.length === 0 ? '' : ` after this: ${deeds.map(describeDeed).join('; ')}`;
  return `nothing was changed${first}${serving}`;
}

/** A line of its own in the host's log. */
export function deedLine(request: DeployRequest, deed: Deed): string {
  const { project, actor, runUrl, reason } = request;
  return JSON.stringify({
    time: new Date().toISOString(),
    operation: 'recover',
    project,
    ...deed,
    actor,
    run: runUrl,
    reason,
  });
}
