/** Room for a hook's mounts is made in the project's folder for as long as the hook runs, and listed in the release's. */
import { sh } from '../ssh/shell-text.js';

/** A function that takes away again what `make_room` made; also for a job that was killed before it could. */
export const CLEAR_ROOM = sh`clear_room() {
  test -e "$release/room" || return 0
  sed '1!G;h;$!d' "$release/room" | while IFS= read -r name; do
    # What the hook itself wrote stays.
    if test -d "$name"; then rmdir "$name" 2>/dev/null; elif ! test -s "$name"; then rm -f "$name"; fi
  done
  rm -f "$release/room"
}`;
