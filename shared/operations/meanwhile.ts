/**
 * Before a job begins, its scripts are written and what they replace is kept: where that cannot be, nothing is begun. What
 * somebody writes into a shipped file between the plan and the switch is not overwritten unseen either.
 */
import { HostFailure, UserError } from '../base/errors.js';
import { JobRefused } from '../host/job.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

const UNPREPARED = 1;
const CHANGED = 79;
const MARK = 'changed meanwhile: ';

/** Nothing was switched: what had been planned for these files was not what lay there any more. */
export class ChangedMeanwhile extends UserError {
  constructor(paths: readonly string[]) {
    super(
      paths.map((path) => ({
        message: `${path} was changed on the host while this deploy was at work: bring the change into the repository, or put the old content back`,
      })),
    );
    this.name = 'ChangedMeanwhile';
  }
}

/** Nothing was begun: the disk is full, or may not be written to. */
export class NotBegun extends HostFailure {
  constructor(host: string, lastLines: readonly string[]) {
    super(host, 'the scripts and what they replace could not be kept there, so nothing was begun', lastLines);
    this.name = 'NotBegun';
  }
}

/** Ends the script that it stands in, before anything is done, where a file is not what it was when the release was staged. */
export function sameAsStagedText(
  paths: readonly string[],
  hostFiles: ReadonlyMap<string, string>,
  path: string,
): ShellText {
  if (paths.length === 0) return sh`:`;
  return lines(
    sh`meanwhile=0
same() {
  now=
  test ! -f ${path}/"$1" || now=$(sha256sum <${path}/"$1" 2>/dev/null)
  test "\${now%% *}" = "$2" || { printf '%s\n' ${MARK}"$1"; meanwhile=${CHANGED}; }
}`,
    ...paths.map((name) => sh`same ${name} ${hostFiles.get(name) ?? ''}`),
    sh`test $meanwhile -eq 0 || exit $meanwhile`,
  );
}

/** @returns the error to report in place of a refused job's; any other as it is */
export function explained(error: unknown, host: string): unknown {
  if (!(error instanceof JobRefused)) return error;
  if (error.status === UNPREPARED) return new NotBegun(host, error.lastLines);
  if (error.status !== CHANGED) return error;
  return new ChangedMeanwhile(
    error.lastLines.flatMap((line) => (line.startsWith(MARK) ? [line.slice(MARK.length)] : [])),
  );
}
