/**
 * What becomes of a service that left the stack once its release is confirmed: its containers go, except where they are the
 * only way to data. An anonymous volume has no other name than the container that has it.
 */
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

/** Removes containers; prints the name of each that stays, since an anonymous volume of its own is not seen to be empty. */
export function removeUnlessDataText(docker: ShellText, ids: readonly string[]): ShellText {
  if (ids.length === 0) return sh`:`;
  return lines(
    sh`has_data() {
  ${docker} inspect --format '{{range .Mounts}}{{if eq .Type "volume"}}{{println .Name .Destination}}{{end}}{{end}}' "$1" |
    grep -E '^[0-9a-f]{64} ' | while read -r name place; do
      # The folder itself is one line; of what is in it the beginning tells enough.
      found=$(${docker} cp "$1:$place" - </dev/null 2>/dev/null | head -c 8192 | tar -tf - 2>/dev/null | wc -l)
      test "$found" -eq 1 || echo yes
    done
}`,
    sh`for id in ${ids}; do
  if test -z "$(has_data "$id")"; then ${docker} rm -f -v "$id" >/dev/null || :; continue; fi
  # An engine that starts anew would start it too.
  ${docker} update --restart no "$id" >/dev/null || :
  ${docker} inspect --format 'kept {{.Name}}' "$id" || :
done`,
  );
}

/** One sentence for each that stays. */
export function keptWarnings(output: string): string[] {
  return [...output.matchAll(/^kept \/(\S+)$/gm)].map(
    ([, name = '']) =>
      `${name} left the stack and stays, stopped: an anonymous volume of it has data (docker rm -v ${name})`,
  );
}
