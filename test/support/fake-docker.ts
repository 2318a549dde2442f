/**
 * A stand-in for docker and Compose that is itself a shell script: it keeps names, containers and a record of its calls in a
 * folder, and can be told to fail, or to kill everything, at its n-th call. Scripts that were rendered for a host run against it.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What happens at a call: it does nothing and fails, fails although it did its work, or takes its process group with it. */
export type Mishap = 'fails' | 'fails-late' | 'kills' | 'kills-late';

export class FakeDocker {
  readonly command: string;
  readonly #state: string;

  /** @param folder where it lives; in `srv/shop/stack` there is a line `<service> <image> [<port>]` for each service, in
   * `srv/shop/networks` a line `<service> <network> <definition>` for each that is on one */
  constructor(folder: string) {
    this.#state = join(folder, 'engine');
    for (const part of ['names', 'running', 'stopped', 'networks', 'states', 'ports', 'oneoffs', 'attached'])
      mkdirSync(join(this.#state, part), { recursive: true });
    writeFileSync(join(this.#state, 'calls'), '');
    this.command = join(folder, 'docker');
    writeFileSync(this.command, SCRIPT);
    chmodSync(this.command, 0o755);
  }

  /** Points a name at an image. */
  name(reference: string, id: string): void {
    writeFileSync(this.#file('names', reference), id);
  }

  /** @param on the network, and as it was defined when the container was made */
  run(service: string, image: string, port?: string, on?: readonly [network: string, definition: string]): void {
    if (on !== undefined) this.#attach(service, ...on);
    writeFileSync(this.#file('running', service), image);
    if (port !== undefined) writeFileSync(this.#file('ports', service), port);
  }

  /** It is there and does not run. */
  rest(service: string, image: string, on?: readonly [network: string, definition: string]): void {
    if (on !== undefined) this.#attach(service, ...on);
    writeFileSync(this.#file('stopped', service), image);
  }

  addNetwork(name: string, definition = ''): void {
    writeFileSync(this.#file('networks', name), definition);
  }

  /** What a hook's client leaves when it is ended. */
  leaves(container: string): string {
    return this.#file('oneoffs', container);
  }

  get oneOffs(): string[] {
    return readdirSync(join(this.#state, 'oneoffs'));
  }

  /** What `docker inspect` says of a service at one look after the other; the last one stays. */
  states(service: string, ...looks: readonly string[]): void {
    writeFileSync(this.#file('states', service), `${looks.join('\n')}\n`);
  }

  /** At the n-th call (from 1) from now on, or at each one whose arguments contain a text. */
  mishap(kind: Mishap, at: number | string): void {
    const where = typeof at === 'number' ? at + this.calls.length : at;
    writeFileSync(join(this.#state, typeof at === 'number' ? 'mishap-at' : 'mishap-text'), `${where}\n${kind}\n`);
  }

  noMishap(): void {
    for (const name of ['mishap-at', 'mishap-text']) rmSync(join(this.#state, name), { force: true });
  }

  /** The arguments of each call so far. */
  get calls(): string[] {
    return readFileSync(join(this.#state, 'calls'), 'utf8').split('\n').slice(0, -1);
  }

  /** The calls that change something. */
  get deeds(): string[] {
    return this.calls.filter((call) => !/^(ps|inspect|logs) /.test(call));
  }

  /** Everything that the engine has, to compare with. */
  get snapshot(): Record<string, Record<string, string>> {
    const parts = ['names', 'running', 'stopped', 'networks'].map((part): [string, Record<string, string>] => [
      part,
      Object.fromEntries(
        readdirSync(join(this.#state, part))
          .sort()
          .map((name) => [decodeURIComponent(name), readFileSync(join(this.#state, part, name), 'utf8').trim()]),
      ),
    ]);
    return Object.fromEntries(parts);
  }

  runs(service: string): string | undefined {
    const file = this.#file('running', service);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  }

  #attach(service: string, network: string, definition: string): void {
    writeFileSync(this.#file('attached', service), `${network} ${definition}\n`);
  }

  #file(part: string, name: string): string {
    return join(this.#state, part, name.replaceAll('/', '%2F'));
  }
}

/**
 * `up` takes its services after `--`; containers are called `c-<service>`. `in-sight` is what an older Compose does to what a
 * service depends on when it only creates: another image under its name, and the container is made anew and not started.
 */
const SCRIPT = String.raw`#!/bin/sh
cd "\${0%/*}/engine" || exit 99
stack=../srv/shop/stack
networks=../srv/shop/networks
test -e $networks || networks=/dev/null
# Only these come side by side.
case $1 in tag | rmi) exec 8>>turn && flock 8 ;; esac
echo "$*" >>calls
call=0
while read -r line; do call=$((call + 1)); done <calls
kind=none
if test -e mishap-at; then
  { read -r at; read -r what; } <mishap-at
  test "$at" != "$call" || kind=$what
fi
if test -e mishap-text; then
  { IFS= read -r at; read -r what; } <mishap-text
  case "$*" in *"$at"*) kind=$what ;; esac
fi
case $kind in
  fails) echo "the engine refuses: $*" >&2; exit 1 ;;
  kills) kill -9 0 ;;
esac
file() { case $1 in */*) printf %s "$1" | sed 's|/|%2F|g' ;; *) printf %s "$1" ;; esac; }
# A port is one container's at a time, and a network that was made anew is not the one that a container is on.
begin() {
  if test -e "attached/$1"; then
    read -r network definition <"attached/$1"
    test "$(cat "networks/$network" 2>/dev/null || echo gone)" = "$definition" || { echo "network $network not found" >&2; return 1; }
  fi
  port=
  test ! -e "ports/$1" || read -r port <"ports/$1"
  if test -n "$port"; then
    for other in running/*; do
      other=\${other#running/}
      test "$other" = "$1" || test ! -e "running/$other" || test "$(cat "ports/$other" 2>/dev/null)" != "$port" ||
        { echo "port $port is already allocated" >&2; return 1; }
    done
  fi
  test ! -e "stopped/$1" || mv -f "stopped/$1" running/
}
create() {
  image=
  while read -r name reference port; do test "$name" != "$1" || { image=$reference; echo "$port" >"ports/$1"; }; done <$stack
  test -n "$image" || { echo "no service $1" >&2; exit 1; }
  test -e "names/$(file "$image")" || { echo "no image $image" >&2; exit 1; }
  while read -r name network definition; do
    if test "$name" = "$1"; then
      test -e "networks/$network" || printf %s "$definition" >"networks/$network"
      test "$(cat "networks/$network")" = "$definition" || { echo "network $network has active endpoints" >&2; exit 1; }
      echo "$network $definition" >"attached/$1"
    fi
  done <$networks
  rm -f "stopped/$1" "running/$1"
  cat "names/$(file "$image")" >"stopped/$1"
  test "$2" = stopped || begin "$1"
}
verb=$1; shift
case $verb in
  tag) printf %s "$1" >"names/$(file "$2")" ;;
  rmi) test -e "names/$(file "$1")" && rm "names/$(file "$1")" || exit 1 ;;
  ps)
    service= name=
    for word in "$@"; do
      case $word in label=com.docker.compose.service=*) service=\${word##*=} ;; name=*) name=\${word#name=} ;; esac
    done
    if test -n "$name"; then ls oneoffs | grep -E "$name" || :
    elif test -e "running/$service" || test -e "stopped/$service"; then echo "c-$service"; fi ;;
  inspect)
    shift 2
    for id in "$@"; do
      looks=states/\${id#c-}
      if test -e "$looks"; then
        sed -n 1p "$looks"
        if test "$(wc -l <"$looks")" -gt 1; then sed 1d "$looks" >"$looks.new" && mv "$looks.new" "$looks"; fi
      else echo running/none/0; fi
    done
    test $# -gt 0 || exit 1 ;;
  logs) echo "last words of $3" ;;
  stop) for id in "$@"; do test -e "running/\${id#c-}" && mv "running/\${id#c-}" stopped/; done; : ;;
  start) for id in "$@"; do test -e "running/\${id#c-}" || { test -e "stopped/\${id#c-}" && begin "\${id#c-}"; } || exit 1; done ;;
  restart) for id in "$@"; do test -e "running/\${id#c-}" || { test -e "stopped/\${id#c-}" && begin "\${id#c-}"; } || exit 1; done ;;
  rename) : ;;
  rm) shift; for id in "$@"; do rm -f "running/\${id#c-}" "stopped/\${id#c-}" "oneoffs/$id"; done ;;
  network)
    if test "$1" = inspect; then test -e "networks/$2" || exit 1; else
      for one in running/*; do
        test ! -e "$one" || ! grep -q "^$2 " "attached/\${one#running/}" 2>/dev/null || { echo "network $2 has active endpoints" >&2; exit 1; }
      done
      rm "networks/$2" || exit 1
    fi ;;
  up)
    where=running
    while test "$1" != --; do test "$1" = --no-start && where=stopped; shift; done
    shift
    for service in "$@"; do create "$service" $where || exit 1; done ;;
  in-sight)
    for service in "$@"; do
      while read -r name reference port; do
        test "$name" != "$service" || test "$(cat "names/$(file "$reference")")" = "$(cat "running/$service")" || create "$service" stopped
      done <$stack
    done ;;
  *) echo "what is $verb?" >&2; exit 1 ;;
esac || exit 1
case $kind in
  fails-late) echo "the engine refuses late: $*" >&2; exit 1 ;;
  kills-late) kill -9 0 ;;
esac
exit 0
`.replaceAll('\\${', '${');
