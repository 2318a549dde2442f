/** `user@host[:port]` as users write it, checked: nothing in it may be mistaken for an option of ssh. */
import { UserError } from '../base/errors.js';
import type { HostAddress } from '../ssh/settings.js';

const USER = /^[A-Za-z0-9_][A-Za-z0-9_.+@\\-]*\$?$/;
const HOSTNAME = /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/;
const IPV6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?$/;

/** @throws UserError that says what an address looks like */
export function parseHost(given: string): HostAddress {
  const text = given.trim().replace(/^ssh:\/\//, '');
  if (text === 'local') return { kind: 'local' };
  const at = text.lastIndexOf('@');
  const { hostname, port } = splitPort(text.slice(at + 1), given);
  // The runner's own user would be tried otherwise, whom no host knows.
  if (at < 0) throw wrong(given, `it names no user, such as deploy@${text}`);
  const user = text.slice(0, at);
  if (!USER.test(user)) throw wrong(given, `"${user}" is no user name`);
  return { kind: 'ssh', user, hostname, port };
}

function splitPort(place: string, given: string): { hostname: string; port: number | undefined } {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(place);
  const plain = /^([^:[\]]*)(?::([^:]*))?$/.exec(place);
  if (bracketed === null && plain === null) {
    const hint = IPV6.test(place) ? `: an IPv6 address stands in brackets, such as [${place}]` : '';
    throw wrong(given, `"${place}" is no host${hint}`);
  }
  const [, hostname = '', port] = bracketed ?? plain ?? [];
  if (!(bracketed === null ? HOSTNAME : IPV6).test(hostname)) throw wrong(given, `"${hostname}" is no host name`);
  return { hostname, port: port === undefined ? undefined : portOf(port, given) };
}

function portOf(text: string, given: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65_535) throw wrong(given, `"${text}" is no port`);
  return port;
}

function wrong(given: string, why: string): UserError {
  return new UserError(`host must be user@host, user@host:port or local, not "${given}": ${why}`);
}
