/**
 * The lock as one script on the host: it waits for its turn, says for whom, takes the lock, and then lives for as long as it
 * is held, since its life is what the others look at. Files in `.homeport/lock/`, each transition under an flock on `guard`:
 *
 *   token         whose steps may go on; written last, removed first
 *   operation, actor, run-url, reason, since, phase    for people who wait
 *   holder        process id of the script that holds it, for people
 *   alive-<token> that script holds an flock on it while it lives: true across namespaces of processes and reboots
 *   heartbeat     `<uptime>`: the runner was heard then; a connection may be dead without anyone being told
 *   job           a durable job holds an flock on it while it lives
 */
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import type { Layout } from './layout.js';

export interface LockWish {
  readonly token: string;
  readonly operation: string;
  readonly actor: string;
  readonly runUrl: string;
  readonly reason: string;
  /** Seconds to wait for it. */
  readonly wait: number;
  /** The token of a lock to take over; `''` for none. */
  readonly force: string;
  /** Seconds without a sign of life after which a holder counts as gone. */
  readonly lease: number;
}

export const TIMED_OUT = 75;
export const LOST = 76;
/** What people wrote may be long; a line of the protocol must be whole. */
const LONGEST = 500;

export function lockText(layout: Layout, wish: LockWish): ShellText {
  return lines(
    sh`set -u`,
    sh`umask 077`,
    sh`lock=${layout.lock}`,
    sh`mine=${wish.token}`,
    sh`force=${wish.force}`,
    sh`lease=${wish.lease}`,
    FUNCTIONS,
    placeFunction(layout),
    takeFunction(wish),
    // A run that came to nothing may take the folders away, just now, in which it found nobody.
    sh`for try in 1 2 3 4 5; do place && live && break; test $try != 5 || exit 1; pause; done`,
    sh`limit=$(($(seconds) + ${wish.wait}))`,
    WAIT,
    sh`echo taken`,
    HOLD,
  );
}

/** No `9>&-` behind a function in `guarded`: after an `exec 9>&-` dash forgets to keep the descriptor, and with it the lock. */
const FUNCTIONS = sh`seconds() { if read -r up rest 2>/dev/null </proc/uptime; then echo "\${up%%.*}"; else date +%s; fi; }
pause() { sleep 0.3 2>/dev/null || sleep 1; }
get() { cat "$lock/$1" 2>/dev/null; }
set_to() { printf '%s\n' "$2" >"$lock/$1.new" && mv -f "$lock/$1.new" "$lock/$1"; }
guarded() { (flock 9 && "$@") 9>>"$lock/guard"; }
job_lives() { locked "$lock/job"; }
locked() { [ -e "$1" ] && ! flock -n -s "$1" true; }
holder_lives() {
  locked "$lock/alive-$was" || return 1
  heard=$(get heartbeat)
  now=$(seconds)
  [ -n "$heard" ] && [ "$now" -ge "$heard" ] && [ $((now - heard)) -lt "$lease" ]
}
live() {
  command exec 9>>"$lock/guard" && flock 9 && is_guard && command exec 8>"$lock/alive-$mine" && flock -n 8 && exec 9>&-
}
is_guard() { [ "$lock/guard" -ef /proc/self/fd/9 ]; }
sweep() {
  for file in "$lock"/alive-*; do
    if [ "$file" != "$lock/alive-$mine" ] && [ -e "$file" ] && ! locked "$file"; then rm -f "$file"; fi
  done
}
describe() {
  for part in token operation actor run-url reason since phase; do printf '%s %s\n' "$part" "$(get "$part")"; done
}
is_mine() { [ "$(get token)" = "$mine" ]; }
beat() { is_mine && set_to heartbeat "$(seconds)"; }
phase() { is_mine && set_to phase "$1"; }
drop() {
  rm -f "$lock/alive-$mine"
  is_mine && rm -f "$lock/token" "$lock/holder" "$lock/phase"
}`;

/** The project's folder is others' to read; ours is not. */
function placeFunction({ path, home }: Layout): ShellText {
  return sh`place() {
  (umask 022 && mkdir -p ${path}) && { test -d ${home} || mkdir ${home}; } && chmod 700 ${home} &&
    { test -d "$lock" || mkdir "$lock"; } && true >>"$lock/guard" && true >>"$lock/job"
}`;
}

/** Answers 0: taken, 1: held, others: it cannot be written. */
function takeFunction(wish: LockWish): ShellText {
  const owner = [
    ['operation', wish.operation],
    ['actor', wish.actor],
    ['run-url', wish.runUrl],
    ['reason', wish.reason],
  ] as const;
  // A job goes on without its runner, and it alone knows when it may be followed: nobody takes over then, not by force either.
  return sh`take() {
  was=$(get token)
  # The job's lock is tried only where no holder could be starting one just now.
  by=
  if [ -n "$was" ] && [ "$was" != "$force" ] && holder_lives; then by=run
  elif job_lives; then by=job; fi
  if [ -n "$by" ]; then
    echo "held $by"
    describe
    echo .
    return 1
  fi
  if [ -n "$was" ]; then echo over; describe; echo .; fi
  rm -f "$lock/token" &&
${owner.map(
  ([name, value]) => sh`    set_to ${name} ${line(value)} &&
`,
)}
    set_to since "$(date -u +%Y-%m-%dT%H:%M:%SZ)" && set_to phase starting && set_to heartbeat "$(seconds)" &&
    set_to holder $$ && set_to token "$mine" || return 2
  sweep
}`;
}

const WAIT = sh`while :; do
  guarded take
  case $? in 0) break ;; 1) ;; *) exit 1 ;; esac
  if [ "$(seconds)" -ge "$limit" ]; then rm -f "$lock/alive-$mine"; exit ${TIMED_OUT}; fi
  pause
done`;

/** The runner's words, one a line; the end of its input is the end of the holding, whatever the reason. */
const HOLD = sh`while read -r word rest; do
  case $word in
    beat) guarded beat || exit ${LOST} ;;
    phase) guarded phase "$rest" || exit ${LOST} ;;
    release) guarded drop; exit 0 ;;
  esac
done
exit 0`;

/** One line, of a length that a message can carry. */
function line(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, LONGEST);
}
