import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { failedStep, parseJournal, type JournalEntry } from './journal.js';

const entry = fc.record({
  uptime: fc.integer({ min: 0, max: 10_000_000 }).map((hundredths) => hundredths / 100),
  word: fc.constantFrom('begin', 'end', 'fail', 'done', 'lost-lock', 'decided', 'turn-back'),
  job: fc.constantFrom('hooks', 'switch', 'after', 'revert'),
  step: fc.nat(120),
  text: fc.string().map((text) => text.replaceAll(/[\r\n]/g, '')),
});

const line = ({ uptime, word, job, step, text }: JournalEntry): string =>
  `${uptime} ${word} ${job}:${step}${text === '' ? '' : ` ${text}`}\n`;

test('what was written is read, whatever a title says', () => {
  fc.assert(
    fc.property(fc.array(entry as fc.Arbitrary<JournalEntry>), (entries) => {
      expect(parseJournal(entries.map(line).join(''))).toEqual(entries);
    }),
  );
});

test('a journal cut short anywhere says nothing that is not so', () => {
  fc.assert(
    fc.property(fc.array(entry as fc.Arbitrary<JournalEntry>), fc.nat(), (entries, at) => {
      const text = entries.map(line).join('');
      const read = parseJournal(text.slice(0, text.length === 0 ? 0 : at % text.length));
      expect(entries.slice(0, read.length)).toEqual(read);
    }),
  );
});

test.each(['', 'x', '12 begin switch:1', '12 began switch:1 x\n', '12 begin switch:one x\n', ' 12 begin switch:1\n'])(
  'no entry: %j',
  (text) => {
    expect(parseJournal(text)).toEqual([]);
  },
);

test('the newest failure is the failed step; a lost lock is one', () => {
  const journal = parseJournal('1.00 fail switch:1 a\n2 lost-lock switch:2 b\n3 end switch:3\n');
  expect(failedStep(journal)).toMatchObject({ word: 'lost-lock', step: 2, text: 'b' });
  expect(failedStep(journal.slice(2))).toBeUndefined();
});
