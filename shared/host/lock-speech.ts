/** What the lock's script says, and how it is told to people: whose turn it is, since when, what it is doing. */
import { formatDuration } from '../base/duration.js';

export interface LockHolder {
  readonly token: string;
  readonly operation: string;
  readonly actor: string;
  readonly runUrl: string;
  readonly reason: string;
  /** ISO time of the host's clock. */
  readonly since: string;
  readonly phase: string;
  /** A job runs on the host that nobody may interrupt; its runner may be gone. */
  readonly byJob: boolean;
}

export interface LockListener {
  readonly held: (holder: LockHolder) => void;
  readonly over: (holder: LockHolder) => void;
  readonly taken: () => void;
}

/** Reads the script's lines: `held run` or `over`, then `name value` lines, then `.`; `taken`. */
export class LockSpeech {
  readonly #listener: LockListener;
  #head = '';
  #parts = new Map<string, string>();

  constructor(listener: LockListener) {
    this.#listener = listener;
  }

  hear(line: string): void {
    if (line === 'taken') this.#listener.taken();
    else if (line === 'over' || line.startsWith('held ')) {
      this.#head = line;
      this.#parts = new Map();
    } else if (line === '.') {
      const holder = this.#holder();
      if (this.#head === 'over') this.#listener.over(holder);
      else this.#listener.held(holder);
    } else {
      const blank = line.indexOf(' ');
      if (blank > 0) this.#parts.set(line.slice(0, blank), line.slice(blank + 1));
    }
  }

  #holder(): LockHolder {
    const part = (name: string): string => this.#parts.get(name) ?? '';
    return {
      token: part('token'),
      operation: part('operation'),
      actor: part('actor'),
      runUrl: part('run-url'),
      reason: part('reason'),
      since: part('since'),
      phase: part('phase'),
      byJob: this.#head === 'held job',
    };
  }
}

/** `deploy by mona since 2026-11-22 02:11:03Z, phase: switch (https://…)` */
export function describeHolder(holder: LockHolder): string {
  if (holder.token === '') return 'a job that an earlier run started';
  const since = holder.since === '' ? '' : ` since ${holder.since.replace('T', ' ')}`;
  const phase = holder.phase === '' ? '' : `, phase: ${holder.phase}`;
  const why = holder.reason === '' ? '' : `, reason: ${holder.reason}`;
  const where = holder.runUrl === '' ? '' : ` (${holder.runUrl})`;
  const job = holder.byJob ? ', whose job still runs on the host' : '';
  return `${holder.operation} by ${holder.actor === '' ? 'somebody' : holder.actor}${since}${phase}${why}${where}${job}`;
}

export function waitMessage(path: string, host: string, holder: LockHolder, force: string | undefined): string {
  const other =
    force !== undefined && force !== '' && force !== holder.token
      ? `; \`force-unlock\` names ${force}, which is not this lock's`
      : '';
  return `waiting for the lock of ${path} on ${host}: ${describeHolder(holder)}${other}`;
}

export function takenOver(path: string, host: string, holder: LockHolder, force: string | undefined): string {
  const why = holder.token === force ? 'as `force-unlock` asked' : 'since that run is gone';
  return `took over the lock of ${path} on ${host}, ${why}: ${describeHolder(holder)}`;
}

export function timeoutMessage(path: string, host: string, holder: LockHolder, timeout: number): string {
  const help = holder.byJob
    ? 'its job on the host must end first'
    : `if that run is surely gone, take its lock over with \`force-unlock: ${holder.token}\``;
  return `the lock of ${path} on ${host} was not free within ${formatDuration(timeout)}: ${describeHolder(holder)}; ${help}`;
}
