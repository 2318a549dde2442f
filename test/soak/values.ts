// Values that have broken deploy scripts: each must arrive in the container as it was given.
import type { Dice } from './dice.js';

const NASTY = [
  'it\'s "$5" & more',
  'pa$$w0rd$',
  '${HOME}',
  '$(id) `id`',
  'a  b\tc',
  '#no comment # here',
  ' blanks around ',
  'back\\slash\\n',
  "'single'",
  '"double"',
  'two\nlines\n',
  '=a=b',
  '{{.Go}} %s %%',
  'Grüße, 世界',
  '!history *glob* ?',
  '-dash',
  '0123',
  'yes',
  '1e3',
  'null',
];

export const nasty = (dice: Dice): string => dice.pick(NASTY);

/** As a compose file writes it. */
export const literally = (value: string): string => value.replaceAll('$', '$$$$');

/** What a value of a compose file's `environment` becomes; only what the generator writes is understood. */
export function resolved(value: string, env: Readonly<Record<string, string>>): string {
  const name = /^\$\{(\w+)\}$/.exec(value)?.[1];
  return name === undefined ? value.replaceAll('$$', '$') : (env[name] ?? '');
}

/** Text of a file that is mounted. */
export const content = (dice: Dice): string => `# ${String(dice.between(1, 1_000_000_000))}\n`;

/** A port of the host's loopback that no other service of the project has. */
export function freePort(dice: Dice, taken: readonly string[]): string {
  for (;;) {
    const port = String(dice.between(18_000, 18_999));
    if (!taken.some((one) => one.includes(port))) return port;
  }
}
