import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nextReleaseId, releaseTime } from './release-id.js';

const date = fc.date({ min: new Date('2000-01-01'), max: new Date('2999-12-31'), noInvalidDate: true });
const commit = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f]{40}$/));

test('it sorts by time and names the commit', () => {
  expect(nextReleaseId(new Date('2026-11-22T02:11:03.999Z'), '3F2A1C9d0e', undefined)).toBe('20261122T021103Z-3f2a1c9');
});

test.each([
  ['', '0000000'],
  ['../../etc', 'etc'],
  ['v1.2', 'v12'],
])('a commit such as %j is a safe name', (name, short) => {
  expect(nextReleaseId(new Date(0), name, undefined)).toBe(`19700101T000000Z-${short}`);
});

test('ids only go up, whatever the clocks of the runners say', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(date, commit), { minLength: 2, maxLength: 20 }), (runs) => {
      const ids: string[] = [];
      for (const [now, name] of runs) ids.push(nextReleaseId(now, name, ids.at(-1)));
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^\d{8}T\d{6}Z-[0-9a-z]{1,7}$/);
    }),
  );
});

test('an id tells its time', () => {
  fc.assert(
    fc.property(date, (now) => {
      expect(releaseTime(nextReleaseId(now, 'abc', undefined))?.getTime()).toBe(
        Math.floor(now.getTime() / 1000) * 1000,
      );
    }),
  );
  expect(releaseTime('current')).toBeUndefined();
});

test('a folder that is no release does not stop a new one', () => {
  expect(nextReleaseId(new Date(5000), 'abc', 'lost+found')).toBe('19700101T000005Z-abc');
});
