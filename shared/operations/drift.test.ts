import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { manifest } from '../../test/support/stack.js';
import { UserError } from '../base/errors.js';
import { planFiles } from './drift.js';
import type { ReleaseFile } from './release-files.js';

const file = (path: string, sha256: string, mode = 0o644): ReleaseFile => ({ path, sha256, mode, content: '' });
const previous = manifest({
  files: [file('same', '1'), file('changed', '1'), file('gone', '1'), file('mode', '1'), file('touched', '1')],
});

test('what is new, changed and gone, each with its change', () => {
  const wanted = [
    file('same', '1'),
    file('changed', '2'),
    file('mode', '1', 0o755),
    file('touched', '2'),
    file('added', '1'),
  ];
  const host = new Map([['same', '1'], ['changed', '1'], ['gone', '1'], ['mode', '1'], ['touched', '2']]); // prettier-ignore
  expect(planFiles(wanted, host, previous)).toEqual({
    added: ['added'],
    changed: ['changed', 'mode'],
    removed: ['gone'],
    // First what goes.
    changes: [
      { path: 'gone', change: 'remove' },
      { path: 'added', change: 'write' },
      { path: 'changed', change: 'write' },
      { path: 'mode', change: 'write' },
    ],
  });
});

test('a file that went from the host is said, since a return needs it; one that is gone from both is nothing', () => {
  expect(() => planFiles([file('same', '1')], new Map(), previous)).toThrow(
    `same is not there, or cannot be read, on the host since release ${previous.id}: put it back there ` +
      `(cp -p .homeport/releases/${previous.id}/files/same same)`,
  );
  expect(planFiles([], new Map(), previous)).toMatchObject({ added: [], removed: [], changes: [] });
});

test('what someone changed on the host is never overwritten, and each is named', () => {
  const host = new Map([['same', '9'], ['changed', '9'], ['added', '9']]); // prettier-ignore
  const attempt = (): unknown =>
    planFiles([file('same', '1'), file('changed', '2'), file('added', '1')], host, previous);
  expect(attempt).toThrow(UserError);
  for (const path of ['same', 'changed', 'added'])
    expect(attempt).toThrow(`${path} was changed on the host since release ${previous.id}`);
});

test('a first deploy overwrites nothing, and takes what is the same', () => {
  expect(() => planFiles([file('a', '1')], new Map([['a', '2']]), undefined)).toThrow(
    /a first deploy overwrites nothing/,
  );
  expect(planFiles([file('a', '1')], new Map([['a', '1']]), undefined)).toMatchObject({ added: [], changed: [] });
});

test('a file that left the stack stays, when someone changed it', () => {
  expect(planFiles([], new Map([['gone', '9']]), previous)).toMatchObject({ removed: [], changes: [] });
});

test('after its changes the host has what is wanted, and nothing that is not ours was touched', () => {
  const path = fc.constantFrom('a', 'b', 'c', 'd');
  const hashes = fc.dictionary(path, fc.constantFrom<string[]>('1', '2', '3'));
  fc.assert(
    fc.property(hashes, hashes, hashes, (before, wanted, host) => {
      const files = Object.entries(wanted).map(([name, sum]) => file(name, sum));
      const old = manifest({ files: Object.entries(before).map(([name, sum]) => file(name, sum)) });
      const now = new Map(Object.entries(host));
      let changes;
      try {
        ({ changes } = planFiles(files, new Map(now), old));
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
        return;
      }
      for (const { path: name, change } of changes) {
        expect([undefined, before[name], wanted[name]]).toContain(now.get(name));
        if (change === 'write') now.set(name, wanted[name] ?? '');
        else now.delete(name);
      }
      for (const [name, sum] of Object.entries(wanted)) expect(now.get(name)).toBe(sum);
    }),
  );
});
