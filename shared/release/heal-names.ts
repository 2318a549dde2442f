/**
 * A container's name is what other containers and people find it by. Compose calls a replacement `<id of the old one>_<name>`
 * until the old one has gone: where it dies in between, that name stays (docker/compose#11151).
 */
import { sh } from '../ssh/shell-text.js';

/** What a container is called once nothing is half replaced. */
export function ownName(name: string): string {
  return name.replace(/^[0-9a-f]{12}_/, '');
}

/**
 * A function of the host's scripts, which have `docker` and `$project`. A name that is free is given back. `heal_names whole`
 * also takes away a replacement that never ran, and stops what it was to replace: Compose had told that to stop, and what runs
 * on for a moment only would be taken for running.
 */
export const HEAL_NAMES = sh`heal_names() {
  docker ps -a --filter "label=com.docker.compose.project=$project" --filter label=com.docker.compose.service --filter label=com.docker.compose.oneoff=False \
    --format '{{.ID}}|{{.Names}}|{{.Status}}|{{.Label "com.docker.compose.service"}}-{{.Label "com.docker.compose.container-number"}}|{{.Label "com.docker.compose.replace"}}' |
    while IFS='|' read -r id name state service replaced; do
      old=\${name%%_*}
      own=\${name#*_}
      case $old in *[!0-9a-f]*) continue ;; ????????????) ;; *) continue ;; esac
      # Somebody may call a container like that; Compose notes whom it replaces, by name or by id.
      case $own in "$project-$service" | "$replaced") ;; *) case $replaced in "$old"*) ;; *) continue ;; esac ;; esac
      docker rename "$id" "$own" </dev/null 2>/dev/null && { echo "$name is called $own again"; continue; }
      test "$1-$state" = whole-Created || { echo "$name should be called $own, and something else is"; continue; }
      test "$(docker inspect --type container --format '{{.Name}}' "$old" </dev/null 2>/dev/null)" = "/$own" || continue
      echo "$name was to replace $own and never did"
      docker rm "$id" </dev/null && docker stop "$old" </dev/null
    done
}`;
