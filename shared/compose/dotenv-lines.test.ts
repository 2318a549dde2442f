import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { composeValues, layOver, withoutOwnLines, withOwnLines } from './dotenv-lines.js';

const NOTES = `# kept by the operator
export A=1 # first
B="two
lines" # second

C: 'three'
D=\${A}-\${NOBODY}-\${HOME}
D2=last
D2=counts
E=
`;

test('values mean what they mean for Compose on that host', () => {
  expect(Object.fromEntries(composeValues(NOTES, '.env', { HOME: '/home/deploy' }))).toEqual({
    A: '1',
    B: 'two\nlines',
    C: 'three',
    D: '1--/home/deploy',
    D2: 'counts',
    E: '',
  });
});

describe('what is laid over a file', () => {
  test('changes the values of its keys and nothing else: comments, order, quotes and other lines stay', () => {
    const values = new Map([
      ['A', 'new $x'],
      ['B', 'two\nlines'],
      ['D2', 'other'],
      ['E', 'full'],
      ['NEW', "it's"],
    ]);
    expect(layOver(NOTES, values)).toBe(
      NOTES.replace('A=1', "A='new $x'").replace('D2=counts', 'D2=other').replace('E=\n', 'E=full\n') + `NEW="it's"\n`,
    );
  });

  test('an emptied value does not become its comment; what refers to a changed key follows it', () => {
    const text = layOver('A=1 # why\nB=$A-x', new Map([['A', '']]));
    expect(text).toBe("A='' # why\nB=$A-x");
    expect(Object.fromEntries(composeValues(text, '.env'))).toEqual({ A: '', B: '-x' });
  });

  test('lines that end as on Windows stay so, with a byte order mark before them', () => {
    expect(layOver('\uFEFFA=1\r\nB=\r\nC=3\r\n', new Map([['A', '2'], ['B', 'x']]))).toBe('\uFEFFA=2\r\nB=x\r\nC=3\r\n'); // prettier-ignore
  });

  test('every value arrives, whatever the file was, and the other keys keep theirs', () => {
    const text = fc.string({ unit: fc.constantFrom(...Array.from('ab \'"\\$#\r\n')) });
    const keys = fc.constantFrom('A', 'B', 'C');
    const lines = fc.array(
      fc.tuple(keys, fc.constantFrom('=', ': ', ' = '), fc.constantFrom('1', "'a b'", '"x\ny"', '', '"\\"q"'), fc.constantFrom('', ' # why', '  ')), // prettier-ignore
    );
    fc.assert(
      fc.property(lines, fc.dictionary(keys, text), fc.constantFrom('\n', '\r\n'), (before, given, end) => {
        const file = before.map((parts) => parts.join('')).join(end);
        const old = Object.fromEntries(composeValues(file, '.env'));
        const now = composeValues(layOver(file, new Map(Object.entries(given))), '.env');
        expect(Object.fromEntries(now)).toEqual({ ...old, ...given });
      }),
    );
  });
});

describe('lines of ours', () => {
  const own = new Map([['COMPOSE_FILE', 'a.yml:.homeport/scale.yml']]);

  test('come last and go again, and the operator’s own line of that name stays', () => {
    const text = withOwnLines('COMPOSE_FILE=mine.yml\nA=1', own);
    expect(text).toBe('COMPOSE_FILE=mine.yml\nA=1\nCOMPOSE_FILE=a.yml:.homeport/scale.yml # set by Homeport\n');
    expect(composeValues(text, '.env').get('COMPOSE_FILE')).toBe('a.yml:.homeport/scale.yml');
    expect(withoutOwnLines(text)).toBe('COMPOSE_FILE=mine.yml\nA=1\n');
    expect(withOwnLines(text, new Map())).toBe('COMPOSE_FILE=mine.yml\nA=1\n');
  });

  test('stay where they are as long as they are right', () => {
    const edited = `${withOwnLines('', own)}ADDED=below\n`;
    expect(withOwnLines(edited, own)).toBe(edited);
    expect(withOwnLines(`${edited}COMPOSE_FILE=b.yml\n`, own)).toMatch(
      /COMPOSE_FILE=b.yml\nCOMPOSE_FILE=a.yml:.* # set/,
    );
    expect(withOwnLines(edited, new Map([['COMPOSE_FILE', 'b.yml']]))).toBe(
      'ADDED=below\nCOMPOSE_FILE=b.yml # set by Homeport\n',
    );
  });
});
