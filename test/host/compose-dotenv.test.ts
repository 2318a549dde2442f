// Every value arrives as it was given: what we write as dotenv goes through the real Compose, as `.env` and as `env_file`,
// into the environment of a real container, on the oldest and the newest Compose. And what we read of a pasted text is
// what Compose reads of it.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDotenv, writeDotenv } from '../../shared/compose/dotenv.js';
import { parseModel } from '../../shared/compose/model.js';
import { startHost, type Generation, type TestHost } from '../hosts/host.js';

jest.setTimeout(120_000);

const PATH = '/home/deploy/env';
const NASTY: readonly string[] = [
  ...['', ' ', ' leading and trailing ', '\ttab\t', '#hash', 'a #b', 'a# b', '=', 'a=b=c', 'export X=y', 'KEY: value'],
  ...["'", '"', "it's", 'say "hi"', `'"'"`, '`cmd`', "''", '""', "'a'", '"a"', `a'b"c`, "\\'", '\\"', "a\\'b\\\\'c"],
  ...['\\', '\\\\', 'a\\', 'a\\\\', '\\n', '\\t', '\\$', '\\0101', 'C:\\new\\table', "ends'\\", '$\\', "\\\\\\'"],
  ...[
    '$',
    '$$',
    '$$$',
    '$HOME',
    '${HOME}',
    '${X:-d}',
    '${X:?e}',
    '$(date)',
    '${',
    '$1',
    "$'x'",
    "'$HOME'",
    '"${HOME}"',
  ],
  ...['\n', 'a\nb', '\na\n\n', 'a\n#b\nC=d', "a\n'b", '\r', 'a\r\nb', 'a\rb', "'\r\n"],
  ...[
    'é€😀',
    '\u0085',
    '\u00a0x\u00a0',
    '\u2028',
    '\x01\x1b[31m\x7f',
    'null',
    '~',
    'true',
    '0123',
    '1e3',
    '{"a": [1, "$b"]}',
  ],
  ...['p@ss:w/ord?&=%;|<>*!()[]{}', '-----BEGIN KEY-----\nabc+/=\n-----END KEY-----\n', 'x'.repeat(5000)],
  ...fc.sample(fc.string({ unit: fc.constantFrom(...Array.from('\'"\\$#{} \n\r\t=ab')) }), { numRuns: 150, seed: 7 }),
  ...fc.sample(fc.string({ unit: 'binary' }), { numRuns: 50, seed: 8 }).map((value) => value.replaceAll('\0', '')),
];
const VALUES = new Map(NASTY.map((value, index) => [`K${index}`, value]));

const hosts = new Map<Generation, TestHost>();
beforeAll(async () => {
  await Promise.all(
    (['bookworm', 'sid'] as const).map(async (generation) => {
      const host = await startHost(generation);
      hosts.set(generation, host);
      await host.sh('docker pull -q busybox');
    }),
  );
});
afterAll(async () => {
  await Promise.all([...hosts.values()].map((host) => host.remove()));
});

describe.each(['bookworm', 'sid'] as const)('Compose of %s', (generation) => {
  const put = async (file: string, content: string): Promise<void> => {
    await hosts.get(generation)?.sh(`mkdir -p ${PATH} && cat >${PATH}/${file}`, { input: content });
  };
  const compose = async (argv: string): Promise<string> => {
    const result = await hosts
      .get(generation)
      ?.exec(`cd ${PATH} && env -i HOME="$HOME" PATH="$PATH" docker compose ${argv}`);
    if (result?.status !== 0) throw new Error(result?.stderr);
    return result.stdout;
  };

  test('every value arrives in a container as written, interpolated from .env and read by env_file', async () => {
    const environment = [...VALUES.keys()].map((key) => `      ${key}: '\${${key}}'`).join('\n');
    const stack = `services:\n  interpolated:\n    image: busybox\n    environment:\n${environment}\n  filed:\n    image: busybox\n    env_file: .env\n`;
    await put('docker-compose.yml', stack);
    await put('.env', writeDotenv(VALUES));
    const model = parseModel(await compose('config --format json'));
    for (const service of ['interpolated', 'filed']) {
      expect(model.services[service]?.environment).toEqual(Object.fromEntries(VALUES));
      const printed = await compose(`run --rm -T ${service} cat /proc/self/environ`);
      const got = printed
        .split('\0')
        .map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
      expect(new Map(got.filter(([key]) => VALUES.has(key)))).toEqual(VALUES);
    }
  });

  test('a pasted text is read as Compose reads it, but that $ is a plain character for us', async () => {
    const pasted = [
      'PLAIN=value',
      'export EXPORTED=yes',
      'exported=no',
      '  SPACED = a b  ',
      'YAML: colon',
      'EMPTY=',
      'COMMENT=a # b',
      'NO_COMMENT=a#b',
      'HASH= #c',
      'TAB=a\t# b',
      'SINGLE=\'a \\n "b" # c\' # d',
      "ESCAPED='it\\'s'",
      'DOUBLE="a\\tb\\n\\"c\\" \\\\ \\q" # d',
      'OCTAL="\\0101"',
      'DOLLAR="\\$x"',
      'MULTI="one',
      '  two"',
      "MULTI2='one",
      "two'",
      'BACKSLASH=a\\nb\\',
      'TWICE=1',
      'TWICE=2',
      'A.b-c=dots',
      '# the end',
    ].join('\n');
    const ours = parseDotenv(pasted);
    await put('docker-compose.yml', 'services: {x: {image: busybox, env_file: pasted.env}}\n');
    await put('.env', '');
    await put('pasted.env', pasted);
    const theirs = parseModel(await compose('config --format json')).services['x']?.environment;
    expect(Object.fromEntries(ours)).toEqual(theirs);
  });
});
