/**
 * Renders steps into one linear POSIX script that the host runs by itself: no parser, no runner, no network needed. The
 * journal beside it tells how far it came. Every value enters through the quoting template.
 */
import { joined, lines, sh, type ShellText } from '../ssh/shell-text.js';
import type { ReleaseLayout } from '../host/layout.js';
import { CLEAR_ROOM } from './clear-room.js';
import { ENGINE_TURN } from './engine-turn.js';
import { HEAL_NAMES } from './heal-names.js';
import { RELOAD } from './reload.js';
import { FUNCTIONS } from './script-functions.js';
import { stepText } from './step-text.js';
import { describeStep, type NumberedStep, type Step } from './steps.js';

export interface ScriptContext {
  /** Which script this is; its steps are named after it in the journal. */
  readonly job: 'tests' | 'hooks' | 'switch' | 'after' | 'revert';
  readonly release: ReleaseLayout;
  /** The project's folder on the host. */
  readonly path: string;
  readonly project: string;
  /** `docker` with everything before its own arguments, scrubbed environment included. */
  readonly docker: ShellText;
  /** The calls that bring services up in the state of the files that are installed then. */
  readonly up: (
    services: readonly string[],
    options: { readonly force: boolean; readonly createOnly: boolean },
  ) => readonly ShellText[];
  /** The folder whose lock whoever moves image names on this engine holds. */
  readonly engineLock: string;
  /** Held while the steps run: a job whose lock is another's now stops before its next step. */
  readonly lock: { readonly tokenFile: string; readonly token: string } | undefined;
  /** After a failed step: run the revert, stop where it is, or go on with the next. */
  readonly onFailure: 'turn-back' | 'stop' | 'go-on';
}

/** The whole text of a script. */
export function renderScript(context: ScriptContext, steps: readonly NumberedStep[]): ShellText {
  return lines(
    sh`#!/bin/sh`,
    sh`# Written by Homeport. It runs by itself; the journal beside it tells how far it came.`,
    sh`set -u`,
    sh`umask 022`,
    sh`job=${context.job}`,
    sh`release=${context.release.directory}`,
    sh`path=${context.path}`,
    sh`project=${context.project}`,
    sh`docker() { ${context.docker} "$@"; }`,
    sh`engine_lock=${context.engineLock}`,
    FUNCTIONS,
    ...(steps.some(({ step }) => step.kind === 'up' || step.kind === 'retag') ? [ENGINE_TURN] : []),
    ...(steps.some(({ step }) => step.kind === 'signal') ? [RELOAD] : []),
    CLEAR_ROOM,
    ...(steps.some(({ step }) => step.kind === 'heal-names') ? [HEAL_NAMES] : []),
    // A line that a power cut left without its end must not swallow the next one.
    sh`test -z "$(tail -c 1 "$release/journal" 2>/dev/null)" || echo >>"$release/journal"`,
    holdsText(context),
    context.onFailure === 'go-on' ? RUN_AND_GO_ON : RUN_OR_STOP,
    ...steps.map((numbered) => sh`step_${sh`${numbered.number}`}() { ${stepText(context, numbered.step)}; }`),
    ...endText(context, steps),
  );
}

function holdsText(context: ScriptContext): ShellText {
  if (context.lock === undefined) return sh`holds() { :; }`;
  return sh`holds() { test "$(cat ${context.lock.tokenFile} 2>/dev/null)" = ${context.lock.token}; }`;
}

// What the journal does not say has begun would not be taken back: on a full disk the step is not begun.
const RUN_OR_STOP = sh`run() {
  holds || { note lost-lock "$job:$1" "$2"; return 1; }
  undecided "$1" "$2" || return 1
  note begin "$job:$1" "$2" || { echo "the journal cannot be written"; return 1; }
  begins
  "step_$1" && { note end "$job:$1" "$2"; return 0; }
  failed "$1" "$2"
  return 1
}`;

// A revert does what it can: a step that fails is recorded and the next one is still worth doing. What it only hoped for
// leaves nothing of it undone.
const RUN_AND_GO_ON = sh`failures=0
run() {
  note begin "$job:$1" "$2"
  begins
  if "step_$1"; then note end "$job:$1" "$2"; return; fi
  failed "$1" "$2" "\${3:-fail}"
  test $# -gt 2 || failures=$((failures + 1))
}`;

function endText(context: ScriptContext, steps: readonly NumberedStep[]): ShellText[] {
  const calls = steps.map(({ number, step, onlyIfBegun }) => {
    const call = sh`run ${number} ${describeStep(step)}${context.onFailure === 'go-on' ? onlyHoped(step) : sh``}`;
    return onlyIfBegun === undefined ? call : sh`if begun ${`switch:${onlyIfBegun}`}; then ${call}; fi`;
  });
  if (context.onFailure === 'go-on') {
    return [...calls, sh`note done "$job:0" "$failures failed"`, sh`test $failures -eq 0`];
  }
  const all = calls.length === 0 ? sh`:` : joined(calls, ' && ');
  const turnBack = sh`note turn-back "$job:0"
decide reverting
test "$(cat "$release/decision")" = reverting && sh "$release/revert"`;
  return [
    sh`if ${all} && undecided 0 ''; then note done "$job:0"; exit 0; fi`,
    ...(context.onFailure === 'turn-back' ? [turnBack] : []),
    sh`exit 1`,
  ];
}

/** The journal's word for the failure of a step that leaves nothing of the way back undone. */
function onlyHoped(step: Step): ShellText {
  // A proxy that is kept has its own files still; that it finds the others again is for the health gate to see.
  if (step.kind === 'wait' || (step.kind === 'signal' && step.follows !== undefined)) return sh` unmet`;
  return step.kind === 'hook' && step.again === true ? sh` missed` : sh``;
}
