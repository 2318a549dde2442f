/**
 * Durable jobs: a script that runs on the host by itself, whatever happens to the connection. It is started in a session of
 * its own and holds an flock, which is what "alive" means to everyone else; whoever follows it waits for that flock and
 * not for the clock, and reads the journal afterwards.
 */
import { HostFailure } from '../base/errors.js';
import type { HostShell } from '../ssh/host-shell.js';
import { shipTar, type TarEntry } from '../ssh/ship.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { parseJournal, type JournalEntry } from './journal.js';

export interface Job {
  /** The script on the host. */
  readonly script: string;
  readonly journal: string;
  readonly output: string;
  /** The file whose flock the job holds while it lives. */
  readonly lockFile: string;
}

export interface JobResult {
  /** What this job wrote, not what earlier jobs of the same journal did. */
  readonly entries: readonly JournalEntry[];
  /** The last lines that its commands printed. */
  readonly lastLines: readonly string[];
}

export interface JobOptions {
  /** Run before the job, in the same session; reads the tar of `entries` on its standard input. */
  readonly prepare?: ShellText;
  readonly entries?: Iterable<TarEntry>;
  /** `NAME=value` words: all that the job gets. */
  readonly environment: ShellText;
}

const BUSY = 75;

/** The job was not started: `status` is what its preparation ended with. */
export class JobRefused extends HostFailure {
  readonly status: number;

  constructor(host: string, status: number, message: string, lastLines: readonly string[]) {
    super(host, message, lastLines);
    this.name = 'JobRefused';
    this.status = status;
  }
}

/**
 * Runs `prepare` and starts the job in the same session, waits until it ends, and tells what it wrote.
 * @throws JobRefused when another job is at work, or when `prepare` ended with anything but success
 */
export async function runJob(shell: HostShell, job: Job, options: JobOptions): Promise<JobResult> {
  const text = jobText(job, options);
  const result = await (options.entries === undefined ? shell.run(text) : shipTar(shell, text, options.entries));
  if (result.status === BUSY) {
    throw new JobRefused(shell.name, BUSY, 'another job of Homeport is still running on the host', [job.lockFile]);
  }
  if (result.status !== 0) {
    throw new JobRefused(
      shell.name,
      result.status,
      `the job ${job.script} could not be started`,
      lastOf(result.stderr + result.stdout),
    );
  }
  const [journal = '', output = ''] = result.stdout.split(`\n${OUTPUT_FOLLOWS}\n`);
  return { entries: parseJournal(journal), lastLines: lastOf(output) };
}

const OUTPUT_FOLLOWS = '--- homeport job output';

/** How a job is started and followed. Its environment is made anew: on a self-hosted runner what carries RUNNER_TRACKING_ID is killed when the job ends. */
export function jobText(job: Job, options: JobOptions): ShellText {
  return lines(
    sh`set -u`,
    sh`exec 9>>${job.lockFile} || exit 1`,
    sh`flock -n 9 || exit ${BUSY}`,
    // Nothing is prepared, and nothing decided, while another job is at work.
    options.prepare ?? sh`:`,
    // Bytes and not lines: what an earlier job was cut short in is none of this one's.
    sh`before=$(wc -c 2>/dev/null <${job.journal} || echo 0)`,
    // What hooks print is nobody else's.
    sh`(umask 077; : >>${job.output})`,
    sh`written=$(wc -c 2>/dev/null <${job.output} || echo 0)`,
    sh`env -i ${options.environment} setsid sh ${job.script} </dev/null >>${job.output} 2>&1 &`,
    sh`exec 9>&-`,
    // The job inherited the lock: when it can be had, the job and all that it started have ended.
    sh`flock ${job.lockFile} true`,
    sh`tail -c +$((before + 1)) ${job.journal} 2>/dev/null`,
    sh`echo`,
    sh`echo ${OUTPUT_FOLLOWS}`,
    sh`tail -c +$((written + 1)) ${job.output} 2>/dev/null | tail -n 60`,
    sh`exit 0`,
  );
}

function lastOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .slice(-60);
}
