/**
 * Renders steps into one linear POSIX script that the host runs by itself: no parser, no runner, no network needed. The
 * journal beside it tells how far it came. Every value enters through the quoting template.
 */
import { joined, lines, sh, type ShellText } from '../ssh/shell-text.js';
import type { ReleaseLayout } from '../host/layout.js';
import { CLEAR_ROOM } from './clear-room.js';
import { HEAL_NAMES } from './heal-names.js';
import { describeStep, type FileChange, type NumberedStep, type Renamed, type Retag, type Step } from './steps.js';

export interface ScriptContext {
  /** Which script this is; its steps are named after it in the journal. */
  readonly job: 'hooks' | 'switch' | 'after' | 'revert';
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
    FUNCTIONS,
    CLEAR_ROOM,
    ...(steps.some(({ step }) => step.kind === 'heal-names') ? [HEAL_NAMES] : []),
    // A line that a power cut left without its end must not swallow the next one.
    sh`test -z "$(tail -c 1 "$release/journal" 2>/dev/null)" || echo >>"$release/journal"`,
    holdsText(context),
    context.onFailure === 'go-on' ? RUN_AND_GO_ON : RUN_OR_STOP,
    ...steps.map((numbered) => sh`step_${numberWord(numbered.number)}() { ${stepText(context, numbered.step)}; }`),
    ...endText(context, steps),
  );
}

// printf and not echo, which would turn the \n of a hook's title into a line of its own.
const FUNCTIONS = sh`note() {
  read -r up rest </proc/uptime || up=0
  printf '%s\n' "$up $*" 2>/dev/null >>"$release/journal"
} 2>/dev/null
begun() { grep -q "^[0-9.]* begin $1 " "$release/journal" 2>/dev/null; }
decide() { ln "$release/decision.$1" "$release/decision" 2>/dev/null; }
put() {
  case $2 in */*) test -d "\${2%/*}" || mkdir -p "\${2%/*}" || return 1 ;; esac
  if test -L "$2" && test -d "$2"; then
    # A rename would go into the folder that it points to.
    rm -f "$2" || return 1
  elif test -d "$2"; then
    rmdir "$2" 2>/dev/null || { echo "$2 is a folder on the host, and not an empty one"; return 1; }
  fi
  cp -pP "$1" "$2.homeport-new" && mv -f "$2.homeport-new" "$2"
}
install_file() { put "$release/files/$1" "$path/$1"; }
remove_file() { rm -f "$path/$1"; }
restore_file() {
  if test -f "$release/before/$1" || test -L "$release/before/$1"; then
    put "$release/before/$1" "$path/$1"
  elif test -L "$path/$1" || ! test -d "$path/$1"; then
    rm -f "$path/$1"
  fi
}
containers() { docker ps -aq --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$1" --filter label=com.docker.compose.oneoff=False; }
states() { docker inspect --format '{{.State.Status}}/{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}/{{.State.ExitCode}}' $(containers "$1"); }
seconds() { read -r up rest </proc/uptime && echo "\${up%%.*}"; }
limited() {
  limit=$1
  shift
  since=$(seconds)
  # Without -k (older busybox) what ignores TERM is waited for. A daemon that is left behind must not hold the job's lock.
  kill=; timeout -k 1 1 true 2>/dev/null && kill='-k 10'
  timeout $kill "$limit" sh -c 'exec "$@" 9>&-' homeport "$@" && return 0
  code=$?
  test $(($(seconds) - since)) -lt "$limit" || echo "stopped: it had not ended after $limit s"
  return $code
}
# A file can be mounted only where there is one: what the host does not have yet is there, empty, while a hook runs.
made() { printf '%s\n' "$1" >>"$release/room"; }
make_room() {
  for name; do
    rest=$name
    under=$path
    while :; do
      case $rest in */*) ;; *) break ;; esac
      under=$under/\${rest%%/*}
      rest=\${rest#*/}
      test -d "$under" || { mkdir "$under" && made "$under"; } || return 1
    done
    test -e "$path/$name" || test -L "$path/$name" || { : >"$path/$name" && made "$path/$name"; } || return 1
  done
}
pause() { sleep 0.2 2>/dev/null || sleep 1; }
give_up() {
  for id in $(containers "$1"); do docker logs --tail 30 "$id" 2>&1; done
  echo "$2"
}
wait_until() {
  limit=$(($(seconds) + $3))
  while :; do
    good=yes
    found=no
    for state in $(states "$1"); do
      found=yes
      case $2:$state in
        healthy:running/healthy/* | healthy:running/none/* | completed:exited/*/0) ;;
        *:*/unhealthy/* | healthy:exited/* | healthy:dead/* | completed:exited/* | completed:dead/*) give_up "$1" "$1 is $state"; return 1 ;;
        *) good=no ;;
      esac
    done
    test $good$found = yesyes && return 0
    test "$(seconds)" -lt $limit || { give_up "$1" "$1 was not $2 within $3 s"; return 1; }
    pause
  done
}`;

function holdsText(context: ScriptContext): ShellText {
  if (context.lock === undefined) return sh`holds() { :; }`;
  return sh`holds() { test "$(cat ${context.lock.tokenFile} 2>/dev/null)" = ${context.lock.token}; }`;
}

// What the journal does not say has begun would not be taken back: on a full disk the step is not begun.
const RUN_OR_STOP = sh`run() {
  holds || { note lost-lock "$job:$1" "$2"; return 1; }
  note begin "$job:$1" "$2" || { echo "the journal cannot be written"; return 1; }
  "step_$1" && { note end "$job:$1" "$2"; return 0; }
  note fail "$job:$1" "$2"
  return 1
}`;

// A revert does what it can: a step that fails is recorded and the next one is still worth doing.
const RUN_AND_GO_ON = sh`failures=0
run() {
  note begin "$job:$1" "$2"
  if "step_$1"; then note end "$job:$1" "$2"; else note fail "$job:$1" "$2"; failures=$((failures + 1)); fi
}`;

function endText(context: ScriptContext, steps: readonly NumberedStep[]): ShellText[] {
  const calls = steps.map(({ number, step, onlyIfBegun }) => {
    const call = sh`run ${number} ${describeStep(step)}`;
    return onlyIfBegun === undefined ? call : sh`if begun ${`switch:${onlyIfBegun}`}; then ${call}; fi`;
  });
  if (context.onFailure === 'go-on') {
    return [...calls, sh`note done "$job:0" "$failures failed"`, sh`test $failures -eq 0`];
  }
  const all = calls.length === 0 ? sh`:` : joined(calls, ' && ');
  const turnBack = sh`note turn-back "$job:0"
decide reverting && sh "$release/revert"`;
  return [
    sh`if ${all}; then note done "$job:0"; exit 0; fi`,
    ...(context.onFailure === 'turn-back' ? [turnBack] : []),
    sh`exit 1`,
  ];
}

function stepText(context: ScriptContext, step: Step): ShellText {
  switch (step.kind) {
    case 'install':
      return all(step.changes.map(installText));
    case 'restore':
      return all(step.changes.map(({ path }) => sh`restore_file ${path}`));
    case 'stop':
      return all([sh`docker stop ${step.containers}`, ...(step.renamed ?? []).map(renameText)]);
    case 'stop-service':
      return sh`ids=$(containers ${step.service}) && { test -z "$ids" || docker stop $ids; }`;
    case 'start':
      // A container that kept its name cannot be given it.
      return all([
        ...(step.renamed ?? []).map((one) => sh`{ ${renameText(one)} || :; }`),
        sh`docker start ${step.containers}`,
      ]);
    case 'retag':
      return retagText(step.retags);
    case 'up':
      return all([
        ...(step.retags.length === 0 ? [] : [retagText(step.retags)]),
        ...context.up(step.services, { force: step.force, createOnly: step.createOnly }),
      ]);
    case 'restart':
      return sh`docker restart ${step.containers}`;
    case 'wait':
      return sh`wait_until ${step.service} ${step.condition} ${step.seconds}`;
    case 'remove-service':
      return sh`ids=$(containers ${step.service}) && { test -z "$ids" || docker rm -f $ids; }`;
    case 'remove-network':
      return sh`{ docker network rm ${step.network} || :; }`;
    case 'heal-names':
      return sh`heal_names whole`;
    case 'hook':
      return hookText(step);
  }
}

function hookText({ seconds, command, mountPoints = [] }: Extract<Step, { kind: 'hook' }>): ShellText {
  const call = sh`limited ${seconds} ${command}`;
  if (mountPoints.length === 0) return call;
  return sh`code=0; { make_room ${mountPoints} && ${call}; } || code=$?; clear_room; return $code`;
}

function renameText({ id, name }: Renamed): ShellText {
  return sh`docker rename ${id} ${name}`;
}

function installText({ path, change }: FileChange): ShellText {
  return change === 'write' ? sh`install_file ${path}` : sh`remove_file ${path}`;
}

/** All names at once: the docker client is slow to start and the engine is not. */
function retagText(retags: readonly Retag[]): ShellText {
  if (retags.length === 0) return sh`:`;
  const one = ({ reference, id }: Retag): ShellText =>
    id === undefined ? sh`{ docker rmi ${reference} || :; }` : sh`docker tag ${id} ${reference}`;
  if (retags.length === 1) return joined(retags.map(one), ' && ');
  return sh`{ pids=; ${joined(
    retags.map((retag) => sh`{ ${one(retag)} & } && pids="$pids $!"`),
    ' && ',
  )}; tagged=0; for pid in $pids; do wait "$pid" || tagged=1; done; test $tagged -eq 0; }`;
}

function all(texts: readonly ShellText[]): ShellText {
  return texts.length === 0 ? sh`:` : joined(texts, ' && ');
}

function numberWord(number: number): ShellText {
  return sh`${number}`;
}
