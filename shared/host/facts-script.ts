/**
 * The one script that asks a host what it has: POSIX sh, with nothing that may be missing. Each fact is a line `name value`.
 * What the engine knows is asked of the engine, beside this: its client's `info` starts every plugin first.
 */
import { lines, sh, type ShellText } from '../ssh/shell-text.js';
import { findDocker } from './docker-place.js';

export const CONFIG_FOLLOWS = 'docker-config follows';
export const FACTS_END = 'end of facts';

export function factsText(path: string, sudo: boolean): ShellText {
  return lines(
    sh`set -u`,
    sh`say() { printf '%s %s\n' "$1" "$2"; }`,
    sh`has() { command -v "$1" >/dev/null 2>&1; }`,
    findDocker(sudo),
    WHO,
    PLUGINS,
    sh`for word; do say environment "$word"; done`,
    sh`[ -z "$docker" ] || say docker "$docker"`,
    composeQuestion(sudo),
    // It takes the longest; background output is whole lines, written at once.
    sh`ask_compose "$@" &`,
    path.startsWith('~') ? sh`path=$HOME${path.slice(1)}` : sh`path=${path}`,
    PATH_FACTS,
    TOOLS,
    SOCKETS,
    sh`wait`,
    sh`echo ${CONFIG_FOLLOWS}`,
    sh`cat "$config/config.json" 2>/dev/null`,
    sh`printf '\n%s\n' ${FACTS_END}`,
    sh`exit 0`,
  );
}

const WHO = lines(
  sh`say user "$(id -un 2>/dev/null || id -u)"`,
  sh`say home "$HOME"`,
  sh`read -r up rest 2>/dev/null </proc/uptime && say uptime "$up"`,
  sh`say clock "$(date +%s)"`,
);

const PLUGINS = lines(
  sh`find_plugin() {
  for folder in "$config/cli-plugins" /usr/local/lib/docker/cli-plugins /usr/local/libexec/docker/cli-plugins /usr/lib/docker/cli-plugins /usr/libexec/docker/cli-plugins; do
    if [ -x "$folder/$1" ]; then echo "$folder/$1"; return; fi
  done
  return 1
}`,
  sh`if find_plugin docker-buildx >/dev/null; then say tool buildx; fi`,
);

/** The plugin by itself starts three times faster than through docker; sudo is for docker only. */
function composeQuestion(sudo: boolean): ShellText {
  const throughDocker = sudo ? sh`sudo -n "$docker"` : sh`"$docker"`;
  const direct = sudo ? sh`false` : sh`plugin=$(find_plugin docker-compose)`;
  return sh`ask_compose() {
  [ -n "$docker" ] || return 0
  if ${direct} && version=$(env -i "$@" "$plugin" version --short 2>/dev/null </dev/null); then
    printf 'compose-plugin %s\ncompose-version %s\n' "$plugin" "$version"
  elif version=$(env -i "$@" ${throughDocker} compose version --short 2>/dev/null </dev/null); then
    say compose-version "$version"
  fi
}`;
}

/** A file is made for a moment, since neither a share's nor a read-only filesystem's word can be taken for it. */
const PATH_FACTS = sh`say path "$path"
near=$path
until [ -e "$near" ] || [ -z "$near" ]; do near=\${near%/*}; done
near=\${near:-/}
say near "$near"
[ -d "$near" ] || say near-is file
if [ -e "$path/.homeport" ] && ! [ -w "$path/.homeport" ]; then say own-folder foreign; fi
probe=$near/.homeport-probe-$$
if [ -d "$near" ] && (umask 077 && : >"$probe") 2>/dev/null; then
  say writable yes
  chmod 600 "$probe" 2>/dev/null
  case $(ls -ln "$probe") in -rw-------*) say modes hold ;; esac
  rm -f "$probe"
fi
say disk "$(df -Pk "$near" 2>/dev/null | tail -n 1)"
for root in /var/lib/docker "$HOME/.local/share/docker"; do
  if [ -d "$root" ]; then say engine-disk "$root $(df -Pk "$root" 2>/dev/null | tail -n 1)"; fi
done`;

const TOOLS = sh`for tool in flock setsid tar sha256sum xargs; do if has $tool; then say tool $tool; fi; done`;

/** What listens: 0A is TCP's state for it, and 07 is all that UDP has. Names only of processes that are ours to see. */
const SOCKETS = lines(
  sh`grep -h ' 0A ' /proc/net/tcp /proc/net/tcp6 2>/dev/null | sed 's/^ */tcp /'`,
  sh`grep -h ' 07 ' /proc/net/udp /proc/net/udp6 2>/dev/null | sed 's/^ */udp /'`,
  sh`ss -Hltunp 2>/dev/null | grep -F 'users:' | sed 's/^/ss /'`,
);
