/**
 * Telling containers to read their files again, and being sure that they did: a proxy that refuses the new files goes on with
 * the old ones, and nothing but its log tells.
 */
import { joined, sh, type ShellText } from '../ssh/shell-text.js';
import type { Due } from './revert.js';
import type { NumberedStep, Step } from './steps.js';

// A check of health may run the same program: the workers are those that the program itself has started.
export const RELOAD = sh`workers() {
  docker top "$1" -eo pid,ppid,comm 2>/dev/null | {
    all=
    while read -r pid parent name rest; do test "$name" != "$2" || all="$all $pid:$parent"; done
    for one in $all; do case " $all" in *" \${one#*:}:"*) printf '%s ' "\${one%:*}" ;; esac; done
  }
}
told() { docker logs --since "$1" "$2" 2>&1 | grep -cE -- "$3"; }
# The signal, the service, its process, what its log says of files that it refuses and of those that it took, the container, and
# whether that stays whatever it shows.
reload() {
  since=$(date +%s)
  old=" $(workers "$6" "$3")"
  refused=$(told "$since" "$6" "$4")
  taken=0
  test -z "$5" || taken=$(told "$since" "$6" "$5")
  docker kill -s "$1" "$6" >/dev/null || return 1
  limit=$(($(seconds) + 10))
  while :; do
    if test -z "$5"; then
      for pid in $(workers "$6" "$3"); do case $old in *" $pid "*) ;; *) return 0 ;; esac; done
    else
      test "$(told "$since" "$6" "$5")" -le "$taken" || return 0
    fi
    if test "$(told "$since" "$6" "$4")" -gt "$refused"; then
      why="$2 goes on with its old files: $(docker logs --since "$since" "$6" 2>&1 | grep -E -- "$4" | tail -n 1)"
      echo "$why"
      return 1
    fi
    test "$(seconds)" -lt "$limit" || break
    pause
  done
  test -z "$7" || { echo "$2 did not show within 10 s that it took $1"; return 0; }
  echo "$2 did not show within 10 s that it took $1: it is restarted"
  docker restart "$6"
}`;

export function signalText({ service, containers, signal, follows }: Extract<Step, { kind: 'signal' }>): ShellText {
  const { name, proof } = signal;
  if (proof === undefined) return sh`docker kill -s ${name} ${containers}`;
  const { process, refused, done = '' } = proof;
  // Its files are as they were: nothing of it is to be touched for somebody else's sake.
  const stays = follows === undefined ? '' : 'stays';
  return joined(
    containers.map((id) => sh`reload ${name} ${service} ${process} ${refused} ${done} ${id} ${stays}`),
    ' && ',
  );
}

/** On the way back: once its old files are there again, and what they point to. That has other addresses as soon as it was touched. */
export function signalsAgain(switched: readonly NumberedStep[]): Due[] {
  return switched.flatMap(({ number, step }): Due[] => {
    if (step.kind !== 'signal') return [];
    const { follows = [] } = step;
    const touched = switched.find(
      (one) => one.step.kind === 'up' && one.step.services.some((name) => follows.includes(name)),
    );
    return [{ step, onlyIfBegun: touched?.number ?? number }];
  });
}
