/**
 * What is left to do once a release is decided to serve: its line in the log, and an end for what only a return would have
 * needed. A script in the release's folder that goes with its last step, so that whoever comes after a lost connection sees it.
 */
import type { ReleaseLayout } from '../host/layout.js';
import { removeUnlessDataText } from '../release/left-data.js';
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import type { TarEntry } from '../ssh/ship.js';
import type { OpenHost } from './open-host.js';
import type { PreparedRelease } from './prepared.js';

const NAME = 'finish';

/** Written with the release's other scripts, before the switch. */
export function finishEntry(host: OpenHost, release: PreparedRelease): TarEntry {
  const { layout } = release;
  const line = lineFile(layout);
  const text = lines(
    sh`#!/bin/sh`,
    sh`# Written by Homeport. It ends what the decision began.`,
    sh`umask 077`,
    sh`if test -e ${line}; then cat ${line} >>${host.layout.log}; rm -f ${line}; fi`,
    sh`rm -rf ${layout.build} ${`${layout.directory}/build.json`} ${`${layout.directory}/before`}`,
    // What left the stack was kept, stopped, as long as a return could need it. Data stays.
    removeUnlessDataText(host.docker, leavers(release)),
    sh`rm -f ${script(layout)}`,
  );
  return { path: NAME, mode: 0o700, content: `${text.text}\n` };
}

/** Prints, by name, what stays for its data. */
export function finishText(layout: ReleaseLayout): ShellText {
  return sh`test ! -e ${script(layout)} || sh ${script(layout)}`;
}

/** Keeps the log's line for the finish: after the decision nobody else may be there to write it. */
export function lineText(layout: ReleaseLayout, line: string): ShellText {
  return sh`printf '%s\n' ${line} >${lineFile(layout)}`;
}

function script({ directory }: ReleaseLayout): string {
  return `${directory}/${NAME}`;
}

function lineFile({ directory }: ReleaseLayout): string {
  return `${directory}/line`;
}

function leavers({ plan, observedBefore }: PreparedRelease): string[] {
  return plan.services
    .filter(({ action }) => action === 'remove')
    .flatMap(({ service }) => (observedBefore.get(service) ?? []).map(({ id }) => id));
}
