/**
 * Makes values unreadable wherever they would appear: to the runner, which masks its log, and to our redactor, which
 * serves every other sink. Before the first line is printed.
 */
import { setSecret } from '@actions/core';
import type { Redactor } from '../base/redactor.js';
import { quotedValue } from '../compose/dotenv.js';

/** Shorter pieces would turn a log into asterisks, and prove nothing. */
const SHORTEST = 6;

/** Values that stand in every stack's environment and give nothing away; masked, they would only make a log unreadable. */
const COMMON = new Set(
  `admin administrator apache backend bridge changeme client console container database default development disable disabled
   docker enable enabled example external frontend gunicorn homeport inactive info-level internal localhost mariadb master
   memcached mongodb network nginx nodejs notice optional password postgres postgresql prefer preview primary private
   production public rabbitmq readonly redis release replica require required server service sqlite sqlite3 staging
   standard stderr stdout string system testing traefik unicode update verbose version warning webserver worker workers
   utf8mb4 utf8mb4_unicode_ci utf-8 en_us.utf-8 c.utf-8 etc/utc europe/berlin europe/london europe/paris europe/madrid
   america/new_york`.split(/\s+/),
);

/** Whether a value of the stack's environment may be a secret. Numbers, addresses of this machine and common words are none. */
export function mayBeSecret(value: string): boolean {
  const text = value.trim();
  if (text.length < SHORTEST) return false;
  if (/^[\d.,:+\-_/ ]+$/.test(text)) return false;
  return !COMMON.has(text.toLowerCase());
}

export class Mask {
  readonly #redactor: Redactor;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Each line of a secret by itself: the runner would mask even a line of one character, everywhere. */
  secret(value: string | undefined): void {
    if (value === undefined) return;
    const lines = value.split(/\r?\n/).filter((line) => line.trim().length >= SHORTEST && !isArmour(line));
    for (const line of new Set(lines.flatMap((full) => [full, full.trim()]))) {
      setSecret(line);
      for (const form of [line, ...derivedForms(line)]) this.#redactor.add(form);
    }
    if (lines.length > 1) for (const form of derivedForms(value)) this.#redactor.add(form);
  }

  /** Values of the stack's environment: those that may be secret, and that the workflow does not say openly itself. */
  values(values: Iterable<string>, open: readonly (string | undefined)[] = []): void {
    const said = new Set(open);
    for (const value of values) if (mayBeSecret(value) && !said.has(value.trim())) this.secret(value);
  }
}

/** The first and last line of a key: the same in every key. */
const isArmour = (line: string): boolean => /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line.trim());

/** What a value looks like after tools have written it their way: quoted for a shell, in a URL, in JSON, for Compose, in base64. */
function derivedForms(value: string): string[] {
  // Through a buffer: half a surrogate pair would make the encoding throw.
  const urlEncoded = encodeURIComponent(Buffer.from(value).toString());
  const forms = [
    value.replaceAll("'", String.raw`'\''`),
    urlEncoded,
    urlEncoded.replaceAll('%20', '+'),
    JSON.stringify(value).slice(1, -1),
    value.replaceAll('$', '$$$$'),
    // As we write it into the host's .env.
    quotedValue(value).replace(/^"(.*)"$/s, '$1'),
    Buffer.from(value).toString('base64'),
    ...[0, 1, 2].flatMap((offset) => base64Inside(value, offset)),
  ];
  return forms.filter((form) => form !== value);
}

/**
 * What is sure to be in the base64 of a text that has this value somewhere in it, `user:password` above all.
 * @param offset bytes before the value, modulo 3
 */
function base64Inside(value: string, offset: number): string[] {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]);
  const [first, end] = [Math.ceil((offset * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  const inside = bytes.toString('base64').slice(first, end);
  return [inside, inside.replaceAll('+', '-').replaceAll('/', '_')];
}
