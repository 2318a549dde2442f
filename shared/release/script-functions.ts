/** The shell functions that the steps of a script call: each does one deed on the host, the same way in every POSIX shell. */
import { sh } from '../ssh/shell-text.js';

// printf and not echo, which would turn the \n of a hook's title into a line of its own.
export const FUNCTIONS = sh`note() {
  read -r up rest </proc/uptime || up=0
  printf '%s\n' "$up $*" 2>/dev/null >>"$release/journal"
} 2>/dev/null
begun() { grep -q "^[0-9.]* begin $1 " "$release/journal" 2>/dev/null; }
# The runner may decide while this is at work: when its job is cancelled.
undecided() { test ! -e "$release/decision" || { note decided "$job:$1" "$2"; return 1; }; }
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
# A file that a container mounts by itself gets other bytes and stays the same file.
rewrite_file() {
  new=$release/$1/$2
  old=$path/$2
  if ! test -f "$new" || test -L "$new" || ! test -f "$old" || test -L "$old"; then put "$new" "$old"; return; fi
  if ! cmp -s "$new" "$old"; then
    test -w "$old" || chmod u+w "$old" || return 1
    # A disk without room is found before anything is cut off.
    cp -p "$new" "$old.homeport-new" || { rm -f "$old.homeport-new"; return 1; }
    cat "$old.homeport-new" >"$old" || return 1
    rm -f "$old.homeport-new"
  fi
  chmod "$(stat -c %a "$new")" "$old"
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
# Compose is free in whom of several outdated ones it takes away, and others know those that were there before by their names.
remove_replicas() {
  service=$1
  many=$2
  shift 2
  ids=$(containers "$service") || return 1
  left=$(echo $ids | wc -w)
  for id in $ids; do
    test "$left" -gt "$many" || return 0
    name=$(docker inspect --type container --format '{{.Name}}' "$id") || return 1
    for known in "$@"; do test "$name" != "/$known" || continue 2; done
    docker stop "$id" && docker rm -f -v "$id" || return 1
    left=$((left - 1))
  done
}
states() { docker inspect --format '{{.State.Status}}/{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}/{{.State.ExitCode}}' $(containers "$1"); }
seconds() { read -r up rest </proc/uptime && echo "\${up%%.*}"; }
# How long it may take, the same in words, how much longer until that is enforced from here, and what it is.
limited() {
  limit=$1
  words=$2
  grace=$3
  shift 3
  since=$(seconds)
  # Without -k (older busybox) what ignores TERM is waited for. A daemon that is left behind must not hold the job's lock.
  kill=; timeout -k 1 1 true 2>/dev/null && kill='-k 10'
  timeout $kill "$((limit + grace))" sh -c 'exec "$@" 9>&-' homeport "$@" && return 0
  code=$?
  why="exit code $code"
  case $code in 124 | 137 | 143) test $(($(seconds) - since)) -lt "$limit" || why="timed out after $words$left" ;; esac
  return $code
}
remove_hooks() {
  ids=$(docker ps -aq --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.oneoff=True --filter "name=^/?$1") &&
    { test -z "$ids" || docker rm -f $ids >/dev/null; }
}
# What a step printed so far: an error of the engine or of Compose, or else its last line.
printed() {
  tail -c "+$((from + 1))" "$release/output" 2>/dev/null | cut -b 1-1000 | sed 's/[[:space:]]*$//; /^$/d; s/^[[:space:]]*//'
}
said() {
  line=$(printed | grep -E 'Error response from daemon|^[Ee]rror|^failed to |^dependency failed' | tail -n 1)
  test -n "$line" || line=$(printed | tail -n 1)
  printf %s "$line"
}
# What a test said: the first error is the cause, and what follows it are its consequences.
judged() {
  line=$(printed | grep -E '\[emerg\]|\[ALERT\]|FAILED|^[Ee]rror' | head -n 1)
  test -n "$line" || line=$(printed | tail -n 1)
  printf %s "$line"
}
lacks_program() { printed | grep -qE 'executable file not found|: (exec: )?[^ ]+: not found'; }
begins() {
  why=
  left=
  from=$(wc -c 2>/dev/null <"$release/output" || echo 0)
}
failed() {
  test -n "$why" || why=$(said)
  test -z "$why" || note cause "$job:$1" "$why"
  note "\${3:-fail}" "$job:$1" "$2"
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
  # What a container printed is no word of the engine.
  why=$2
  echo "$why"
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
