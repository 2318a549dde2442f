/** Where Docker is on a host, and what it is given there: the beginning of every script that has not been told. */
import { lines, sh, type ShellText } from '../ssh/shell-text.js';

/** A session without a login has a short PATH. */
const PREPARE = lines(
  sh`PATH=\${PATH:-/bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin`,
  sh`: "\${HOME:=/}"`,
);

/** From here on the positional parameters are the environment that docker and Compose get. */
const PLACES = lines(
  sh`config=\${DOCKER_CONFIG:-$HOME/.docker}`,
  sh`docker=$(command -v docker) || docker=`,
  sh`set -- HOME="$HOME" PATH="$PATH"`,
  ...[
    sh`DOCKER_HOST`,
    sh`DOCKER_CONTEXT`,
    sh`DOCKER_CONFIG`,
    sh`DOCKER_TLS_VERIFY`,
    sh`DOCKER_CERT_PATH`,
    sh`XDG_RUNTIME_DIR`,
  ].map((name) => sh`value=\${${name}:-}; [ -z "$value" ] || set -- "$@" ${name}="$value"`),
);

/** A rootless engine without a context has its socket where the client does not look. */
const ROOTLESS = sh`if [ -z "\${DOCKER_HOST:-}\${DOCKER_CONTEXT:-}" ] && ! [ -w /var/run/docker.sock ] && ! grep -q currentContext "$config/config.json" 2>/dev/null; then
  for socket in "\${XDG_RUNTIME_DIR:-/none}/docker.sock" "/run/user/$(id -u)/docker.sock" "$HOME/.docker/run/docker.sock"; do
    if [ -S "$socket" ] && [ -w "$socket" ]; then set -- "$@" "DOCKER_HOST=unix://$socket"; break; fi
  done
fi`;

/** Sets `docker` (empty: there is none), `config`, and as positional parameters the environment of docker and Compose. */
export function findDocker(sudo: boolean): ShellText {
  return lines(PREPARE, PLACES, sudo ? sh`:` : ROOTLESS);
}
