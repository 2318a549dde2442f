/**
 * Image names are the engine's, not a project's: what one deploy points a name at, the `up` of another would run. So names are
 * moved, and what is made from them, by one at a time, whoever else deploys with this engine.
 */
import { createHash } from 'node:crypto';
import { sh, type ShellText } from '../ssh/shell-text.js';

/** A folder that every user of an engine can find and open: no two engines of a host keep their data in one place. */
export function engineLock(dockerRoot: string): string {
  return `/tmp/homeport-engine-${createHash('sha256').update(dockerRoot).digest('hex').slice(0, 12)}`;
}

/**
 * A lock is taken on a folder and not on a file: anyone may have made it, nobody needs to write to it, and a link or a pipe in
 * its place is never opened. Then users have one each, which is better than none. No lock at all would not stop a return.
 */
export const ENGINE_TURN = sh`engine_place() {
  for place in "$engine_lock" "\${HOME:-$release}/.\${engine_lock##*/}"; do
    mkdir -m 755 "$place" 2>/dev/null
    test -h "$place" || ! test -d "$place" || ! test -r "$place" || { printf '%s\n' "$place"; return; }
  done
  printf '%s\n' "$release"
}
engine_turn() {
  patience=$(($(seconds) + 900))
  until flock -n 8; do
    test "$(seconds)" -lt $patience || { echo "another deploy moves image names since 900 s"; test "$job" = revert; return; }
    pause
  done
}`;

/** Runs when it is this script's turn, which lasts until all that it started has ended. */
export function inTurn(text: ShellText): ShellText {
  return sh`{ engine_turn && ${text}; } 8<"$(engine_place)"`;
}
