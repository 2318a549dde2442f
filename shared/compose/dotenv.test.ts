import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '../base/errors.js';
import { parseDotenv, writeDotenv } from './dotenv.js';

const read = (text: string): Record<string, string> => Object.fromEntries(parseDotenv(text));

describe('what users paste', () => {
  test.each([
    ['A=b', { A: 'b' }],
    ['A=b\nB=c\n', { A: 'b', B: 'c' }],
    ['A=b\r\nB=c\r\n', { A: 'b', B: 'c' }],
    ['\uFEFFA=b', { A: 'b' }],
    ['export A=b', { A: 'b' }],
    ['exported=b', { exported: 'b' }],
    ['  A = b  ', { A: 'b' }],
    ['A: b', { A: 'b' }],
    ['A=', { A: '' }],
    ['A=\nB=c', { A: '', B: 'c' }],
    ['A=b # comment', { A: 'b' }],
    ['A=b# no comment', { A: 'b# no comment' }],
    ['# comment\n\n  # another\nA=b', { A: 'b' }],
    ['A=b=c==', { A: 'b=c==' }],
    ['A=one two', { A: 'one two' }],
    ['A=pa$$w0rd$HOME${X}', { A: 'pa$$w0rd$HOME${X}' }],
    [String.raw`A=back\slash\n`, { A: String.raw`back\slash\n` }],
    ['A=\'li$teral \\n # "x"\'', { A: 'li$teral \\n # "x"' }],
    [String.raw`A='Let\'s go'`, { A: "Let's go" }],
    ['A="a\\nb\\t\\"c\\" \\\\ \\$d $e"', { A: 'a\nb\t"c" \\ $d $e' }],
    ['A="\\q"', { A: '\\q' }],
    ['A="\\0101"', { A: 'A' }],
    ['A="two\nlines" # comment\nB=c', { A: 'two\nlines', B: 'c' }],
    ["KEY='-----BEGIN\r\nabc\r\n-----END'", { KEY: '-----BEGIN\nabc\n-----END' }],
    ['A=""', { A: '' }],
    ['A=1\nA=2', { A: '2' }],
    ['', {}],
    ['JSON=\'{"a": "b"}\'', { JSON: '{"a": "b"}' }],
    ['A.b-c[0]=x', { 'A.b-c[0]': 'x' }],
  ])('%j', (text, values) => {
    expect(read(text)).toEqual(values);
  });
});

describe('what cannot be read', () => {
  const problems = (text: string): unknown => {
    try {
      parseDotenv(text, 'env');
    } catch (error) {
      if (error instanceof UserError) return error.problems;
      throw error;
    }
    return [];
  };

  test.each([
    ['A="open\nB=c', 1, 3, 'the value of A has no closing "'],
    ['A=x\nnonsense line\nB=y', 2, 1, 'this line is no KEY=value (a value of several lines must be in quotes)'],
    ['A', 1, 1, 'this line is no KEY=value (a value of several lines must be in quotes)'],
    ['=x', 1, 1, 'a key is missing before the ='],
    ['1A=x', 1, 1, 'the name before the = is no name of a variable'],
    ['  export  B C=x', 1, 11, 'the name before the = is no name of a variable'],
    ["A='it's'", 1, 7, "after the closing ' of A there is more: a ' inside the value is written \\'"],
  ])('%j', (text, line, column, message) => {
    expect(problems(text)).toEqual([{ file: 'env', line, column, message }]);
  });

  test('is told all at once', () => {
    expect(problems('A\n=x\nB=fine\nC')).toHaveLength(3);
  });

  test('and no part of a value is shown', () => {
    for (const text of ['s3cretline', 'A="s3cret', 's3 cret=x', "A='x's3cret"]) {
      expect(JSON.stringify(problems(text))).not.toContain('s3');
    }
  });
});

describe('a file that Compose has read until now, with references', () => {
  const expand = (name: string): string | undefined => ({ GIVEN: 'given', HOST: 'from outside' })[name];
  const readExpanded = (text: string): Record<string, string> =>
    Object.fromEntries(parseDotenv(text, '.env.production', { expand }));

  test.each([
    ['USER=u\nURL=pg://${USER}@db', { USER: 'u', URL: 'pg://u@db' }],
    ['A=${GIVEN}', { A: 'given' }],
    ['HOST=own\nA=$HOST', { HOST: 'own', A: 'from outside' }],
    ['A="${X:-d}"', { A: 'd' }],
    ["A='$X'", { A: '$X' }],
    ['A=a$$b', { A: 'a$b' }],
    [String.raw`A="\$X"`, { A: '$X' }],
    ['GIVEN\nUNKNOWN', { GIVEN: 'given' }],
  ])('%j', (text, values) => {
    expect(readExpanded(text)).toEqual(values);
  });

  test('a reference to what is not set is a problem and no empty value', () => {
    expect(() => readExpanded('A=x\nP=pa$word')).toThrow(
      '.env.production:2:1: P refers to word, which is not set: put the value in single quotes if its $ is meant as such',
    );
  });
});

describe('writing', () => {
  test.each([
    ['plain-value_1.2/x:y@z', 'A=plain-value_1.2/x:y@z\n'],
    ['', 'A=\n'],
    ['two words', "A='two words'\n"],
    ['$x #', "A='$x #'\n"],
    [String.raw`a\b"c`, `A='a\\b"c'\n`],
    ["it's $5", 'A="it\'s $$5"\n'],
    ['ends in \\', 'A="ends in \\\\"\n'],
    ['a\nb', "A='a\nb'\n"],
    ['a\r\nb', 'A="a\\r\nb"\n'],
  ])('%j', (value, text) => {
    expect(writeDotenv(new Map([['A', value]]))).toBe(text);
  });

  test('refuses what no environment can hold, all at once and without the value', () => {
    const values = new Map([
      ['bad name', 'secret'],
      ['A', 'sec\0ret'],
    ]);
    expect(() => writeDotenv(values)).toThrow(
      new UserError([
        { message: 'bad name is no name of a variable' },
        { message: 'the value of A has a NUL character, which no environment can hold' },
      ]),
    );
  });

  test('property: what is written is read back by Compose’s rules, expansion included', () => {
    const nasty = fc.string({ unit: fc.constantFrom(...'\'"\\$#{} \n\r\t=;&|<>`!*?~ab1é€😀'.split('')) });
    fc.assert(
      fc.property(fc.array(fc.oneof(nasty, fc.string(), fc.string({ unit: 'binary' }))), (list) => {
        const values = new Map(list.map((value, index) => [`K${index}`, value.replaceAll('\0', '')]));
        const text = writeDotenv(values);
        expect(parseDotenv(text, 'env', { expand: () => 'never' })).toEqual(values);
      }),
      { numRuns: 500 },
    );
  });
});
