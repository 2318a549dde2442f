/**
 * A durable job's own record on the host, one line a fact: `<uptime seconds> <word> <job>:<step> <title>`. Uptime and not
 * the clock, which may jump. A full disk may lose lines, never corrupt one, so whatever is there can be trusted.
 */

/** `missed`, `unmet`: what failed on a way back that went on, a hook that was to be done again or something to wait for. */
export type JournalWord =
  'begin' | 'end' | 'fail' | 'missed' | 'unmet' | 'cause' | 'done' | 'lost-lock' | 'decided' | 'turn-back';

export interface JournalEntry {
  /** Seconds since the host's boot. */
  readonly uptime: number;
  readonly word: JournalWord;
  /** Which script wrote it: hooks, switch, after, revert. */
  readonly job: string;
  /** Counted from 1 in its job; 0 for the job as a whole. */
  readonly step: number;
  readonly text: string;
}

const LINE =
  /^(\d+(?:\.\d+)?) (begin|end|fail|missed|unmet|cause|done|lost-lock|decided|turn-back) (\w+):(\d+)(?: (.*))?$/;

/** The entries of a journal; a line that was cut short is left out: without its end `switch:1` may be `switch:12`. */
export function parseJournal(text: string): JournalEntry[] {
  const entries: JournalEntry[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const match = LINE.exec(line);
    if (match === null) continue;
    const [, uptime, word, job, step, rest] = match;
    entries.push({
      uptime: Number(uptime),
      word: word as JournalWord,
      job: job ?? '',
      step: Number(step),
      text: rest ?? '',
    });
  }
  return entries;
}

/** The step that failed or was not begun, if there is one: the newest. */
export function failedStep(entries: readonly JournalEntry[]): JournalEntry | undefined {
  return entries.findLast(({ word }) => word === 'fail' || word === 'lost-lock' || word === 'decided');
}

/** Why a step failed, in its own words or in those of what it called; undefined when nothing was said. */
export function causeOfFailure(entries: readonly JournalEntry[], { job, step }: JournalEntry): string | undefined {
  return entries.findLast((entry) => entry.word === 'cause' && entry.job === job && entry.step === step)?.text;
}

/** What failed on the way back and does not count for it, each with its cause: what a hook should have done again. */
export function missedSteps(entries: readonly JournalEntry[]): string[] {
  return withCauses(entries, 'missed');
}

/** What a way back waited for in vain. */
export function unmetSteps(entries: readonly JournalEntry[]): string[] {
  return withCauses(entries, 'unmet');
}

function withCauses(entries: readonly JournalEntry[], word: JournalWord): string[] {
  return entries
    .filter((entry) => entry.word === word)
    .map((entry) => [entry.text, causeOfFailure(entries, entry)].filter((part) => part !== undefined).join(': '));
}
