import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { joined, lines, sh, ShellText } from './shell-text.js';

const SHELLS: readonly (readonly string[])[] = [['sh'], ['dash'], ['bash'], ['busybox', 'sh']];

/** What `printf` in a real shell makes of the words: NUL cannot be in one, so it can separate them. */
function wordsSeenBy(shell: readonly string[], script: ShellText): string[] {
  const [command = 'sh', ...args] = shell;
  const result = spawnSync(command, args, { input: script.text, encoding: 'utf8' });
  if (result.error !== undefined)
    throw new Error(`${shell.join(' ')} is missing on this machine: apt-get install ${command}`);
  expect(result.stderr).toBe('');
  return result.stdout.split('\0').slice(0, -1);
}

const printf = sh`printf '%s\0'`;
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
  fc.string({ unit: fc.constantFrom(...Array.from(`'"\\$\`!#&|;<>(){}[]*?~ \t\n\r=%-ab1`)) }),
  fc.constantFrom('if', 'done', '-n', '2', '', '~', '~root', 'a=b', '{a,b}', "'", "''", '$HOME', '$(id)', '`id`', '!!'),
);

describe.each(SHELLS.map((shell) => ({ shell, name: shell.join(' ') })))('in $name', ({ shell }) => {
  test('every value arrives as exactly one word, whatever is in it', () => {
    // Many values in one call: a process for each would take minutes.
    fc.assert(
      fc.property(fc.array(anyText, { minLength: 1, maxLength: 40 }), (words) => {
        expect(wordsSeenBy(shell, sh`${printf} ${words}`)).toEqual(words);
      }),
      { numRuns: 30 },
    );
  });

  test('a value beside other text stays what it is', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const script = sh`v=left; ${printf} $v${value} --x=${value} "$v"${value} ${value}"$v" x${value}y`;
        expect(wordsSeenBy(shell, script)).toEqual([
          `left${value}`,
          `--x=${value}`,
          `left${value}`,
          `${value}left`,
          `x${value}y`,
        ]);
      }),
      { numRuns: 20 },
    );
  });

  test('a value can be a command, whatever its name', () => {
    expect(wordsSeenBy(shell, sh`${'printf'} ${'%s\\0'} ${'if'}; ${'done'} 2>/dev/null || ${printf} none`)).toEqual([
      'if',
      'none',
    ]);
  });

  test('a number before a redirection is no file descriptor', () => {
    expect(wordsSeenBy(shell, sh`${printf} ${2}>&1; ${printf} $((${2} + 1))`)).toEqual(['2', '3']);
  });
});

test('lists, empty lists and pieces of shell text', () => {
  expect(sh`a ${['b', 'c d', 3]} ${[]}e`.text).toBe("a b 'c d' 3 e");
  expect(sh`${sh`x | y`} > ${'/tmp/f'}`.text).toBe('x | y > /tmp/f');
  expect(lines(sh`a`, sh`b`).text).toBe('a\nb');
  expect(joined([sh`a`, sh`b`], ' && ').text).toBe('a && b');
});

test("backslashes are the shell's; only ${ and the backtick are escaped", () => {
  expect(sh`printf '%s\n' "\${x:-1}" \`date\``.text).toBe('printf \'%s\\n\' "${x:-1}" `date`');
});

test.each<[string, () => ShellText]>([
  ['single quotes', () => sh`echo '${'x'}'`],
  ['double quotes', () => sh`echo "a ${'x'}"`],
  ['double quotes after a substitution', () => sh`echo "$(id) ${'x'}"`],
  ['a piece of text in quotes', () => sh`echo "${sh`x`}"`],
  ['backticks', () => sh`echo \`cat ${'x'}\``],
  ['a comment', () => sh`echo # ${'x'}`],
  ['a comment that came with a piece', () => sh`${sh`a # b`} ${'x'}`],
  [
    'a here-document',
    () => sh`cat <<END
${'x'}
END`,
  ],
  ['an open quote', () => sh`echo 'x`],
  ['a comment that would swallow the rest', () => joined([sh`a # b`, sh`c`], ' && ')],
  ['a NUL', () => sh`echo ${'a\0b'}`],
])('a value is refused in %s', (_place, make) => {
  expect(make).toThrow();
});

test('quotes in comments, substitutions and case patterns confuse nothing', () => {
  expect(
    sh`a # don't
b ${'x y'}`.text,
  ).toBe("a # don't\nb 'x y'");
  expect(sh`echo "$(cat ${'a b'})" ${'c d'}`.text).toBe(`echo "$(cat 'a b')" 'c d'`);
  expect(sh`case $x in a) echo "b" ;; esac; echo $# \${#x} ${'c d'}`.text).toContain("'c d'");
});

test('nothing but the template makes shell text', () => {
  // @ts-expect-error the constructor is private
  const forge: () => unknown = () => new ShellText('x');
  // @ts-expect-error the class is nominal: a look-alike is no ShellText
  const take: (alike: { text: string }) => unknown = (text: ShellText) => text.text;
  expect(forge).not.toBe(take);
});
