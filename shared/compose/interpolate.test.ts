import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { interpolate, variablesOf } from './interpolate.js';

const KNOWN: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', _x1: 'y' };
const lookup = (name: string): string | undefined => KNOWN[name];

describe('every form of a reference', () => {
  test.each([
    ['plain text', 'plain text'],
    ['$SET', 'value'],
    ['${SET}', 'value'],
    ['a$SET-b', 'avalue-b'],
    ['$_x1', 'y'],
    ['${UNSET}', ''],
    ['${SET:-d}', 'value'],
    ['${EMPTY:-d}', 'd'],
    ['${UNSET:-d}', 'd'],
    ['${EMPTY-d}', ''],
    ['${UNSET-d}', 'd'],
    ['${UNSET:-}', ''],
    ['${SET:+r}', 'r'],
    ['${EMPTY:+r}', ''],
    ['${UNSET:+r}', ''],
    ['${EMPTY+r}', 'r'],
    ['${UNSET+r}', ''],
    ['${SET:?m}', 'value'],
    ['${EMPTY?m}', ''],
    ['${UNSET:-${SET}}', 'value'],
    ['${UNSET:-${EMPTY:-deep}}/x', 'deep/x'],
    ['${UNSET:-{"json": {"a": 1}}}', '{"json": {"a": 1}}'],
    ['${UNSET:-a:-b}', 'a:-b'],
    ['${UNSET:-http://x?y=1}', 'http://x?y=1'],
    ['$$SET', '$SET'],
    ['$${SET}', '${SET}'],
    ['$$$SET', '$value'],
    ['costs $1, or $', 'costs $1, or $'],
    ['$(date)', '$(date)'],
    ['${UNSET:-$$}', '$'],
  ])('%s becomes %j', (text, value) => {
    expect(interpolate(text, lookup)).toMatchObject({ value, problems: [] });
  });
});

describe('what is required and not there', () => {
  test.each([
    ['${UNSET:?set it}', 'required variable UNSET is missing a value: set it'],
    ['${EMPTY:?}', 'required variable EMPTY is missing a value'],
    ['${UNSET?}', 'required variable UNSET is missing a value'],
    ['${UNSET:?see ${SET}}', 'required variable UNSET is missing a value: see value'],
    ['${UNSET:-${ALSO:?deep}}', 'required variable ALSO is missing a value: deep'],
  ])('%s is a problem', (text, problem) => {
    expect(interpolate(text, lookup).problems).toEqual([problem]);
  });

  test('all of a text at once', () => {
    expect(interpolate('${A:?} ${B:?}', lookup).problems).toHaveLength(2);
  });

  test('a plain reference without a value is told, not refused', () => {
    expect(interpolate('$A ${B} ${C:-x} ${A}', lookup)).toEqual({
      value: '  x ',
      problems: [],
      unset: ['A', 'B'],
      empty: [],
    });
  });
});

test.each(['${', '${SET', '${1X}', '${}', '${A.B}', '${ A }', '${SET/x/y}', '${A:=x}'])(
  '%s is no reference',
  (text) => {
    expect(interpolate(text, lookup).problems).toEqual([expect.stringContaining('is no reference to a variable')]);
  },
);

test('the variables of a text are all that it may ask for', () => {
  expect(variablesOf('$A ${B:-${C:?$D}} $$E ${F} ${A}')).toEqual(['A', 'B', 'C', 'D', 'F']);
});

test('property: any value arrives as it is, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (value, around) => {
      const text = `${around.replaceAll('$', '$$$$')}\${X}`;
      expect(interpolate(text, () => value).value).toBe(around + value);
    }),
  );
});

test('property: it ends, and never throws, for any text', () => {
  const pieces = fc.array(fc.constantFrom('$', '{', '}', ':', '-', '?', '+', 'A', '1', ' ', '\n'));
  fc.assert(
    fc.property(pieces, (parts) => {
      expect(typeof interpolate(parts.join(''), lookup).value).toBe('string');
    }),
  );
});
