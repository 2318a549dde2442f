import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { releasesToRemove } from './retention.js';

const good = (id: string): { id: string; good: boolean } => ({ id, good: true });
const failed = (id: string): { id: string; good: boolean } => ({ id, good: false });

test('failed releases do not push good ones out', () => {
  const releases = [good('1'), good('2'), good('3'), failed('4'), failed('5'), failed('6'), failed('7')];
  expect(releasesToRemove(releases, 2, ['3'])).toEqual(['1', '5', '4']);
});

test('at least one good release stays, whatever is asked for', () => {
  expect(releasesToRemove([good('1'), good('2')], 0, [])).toEqual(['1']);
});

test('what serves stays, however old, and the newest good ones too', () => {
  const releases = fc.uniqueArray(fc.record({ id: fc.string(), good: fc.boolean() }), { selector: ({ id }) => id });
  fc.assert(
    fc.property(
      releases,
      fc.integer({ min: -1, max: 5 }),
      fc.array(fc.string(), { maxLength: 3 }),
      (all, keep, kept) => {
        const serving = [...kept, ...all.slice(0, 1).map(({ id }) => id)];
        const gone = releasesToRemove(all, keep, serving);
        expect(gone.filter((id) => serving.includes(id))).toEqual([]);
        const left = all.filter((release) => release.good && !gone.includes(release.id)).map(({ id }) => id);
        const newest = all.filter((release) => release.good).map(({ id }) => id).sort((a, b) => (a < b ? 1 : -1)).slice(0, Math.max(1, keep)); // prettier-ignore
        for (const id of newest) expect(left).toContain(id);
        for (const id of left) expect([...newest, ...serving]).toContain(id);
      },
    ),
  );
});
