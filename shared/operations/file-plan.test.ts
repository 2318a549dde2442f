import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { manifest } from '../../test/support/stack.js';
import { UserError } from '../base/errors.js';
import { saltedHash } from '../release/salted-hash.js';
import { driftNames } from './drift.js';
import { planFiles, type FilePlanOptions } from './file-plan.js';
import { withKeptFiles, type ReleaseFile } from './release-files.js';

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
      // The same edit was made on both sides: a return needs what the containers were made from.
      { path: 'touched', change: 'keep', shippedBy: previous.id },
    ],
    drift: [],
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

const options = (more: Partial<FilePlanOptions>): FilePlanOptions => ({
  drift: 'stop',
  servesAsShipped: true,
  mounted: () => false,
  ...more,
});
const edited = new Map([['same', '9'], ['changed', '9']]); // prettier-ignore

describe('what becomes of what someone changed', () => {
  test('overwrite: the release’s own is written, what is missing is put back, and a return has what was shipped', () => {
    const wanted = [file('same', '1'), file('changed', '2'), file('mode', '1')];
    const plan = planFiles(wanted, edited, previous, options({ drift: 'overwrite' }));
    expect(plan.drift).toEqual([
      { path: 'changed', becomes: 'overwritten' },
      { path: 'same', becomes: 'overwritten' },
      { path: 'mode', becomes: 'put back' },
    ]);
    expect(plan.changes).toEqual(
      ['changed', 'mode', 'same'].map((path) => ({ path, change: 'write', shippedBy: previous.id })),
    );
  });

  test('what containers see in place, and edits that they have already, keep their bytes on the way back', () => {
    const wanted = [file('same', '1'), file('changed', '2')];
    const mounted = options({ drift: 'overwrite', mounted: (path) => path === 'same' });
    expect(planFiles(wanted, edited, previous, mounted).changes).toEqual([
      { path: 'changed', change: 'write', shippedBy: previous.id },
      { path: 'same', change: 'write' },
    ]);
    const applied = options({ drift: 'overwrite', servesAsShipped: false });
    for (const change of planFiles(wanted, edited, previous, applied).changes) expect(change.shippedBy).toBeUndefined();
  });

  test('keep: the host’s bytes are the release’s; nothing is written, and it is a change once', () => {
    const { files } = withKeptFiles(
      { files: [file('same', '1'), file('changed', '2')], composeFiles: [], env: {} },
      edited,
    );
    const plan = planFiles(files, edited, previous, options({ drift: 'keep' }));
    expect(plan).toMatchObject({
      changed: ['changed', 'same'],
      drift: [
        { path: 'changed', becomes: 'kept' },
        { path: 'same', becomes: 'kept' },
      ],
      changes: ['changed', 'same'].map((path) => ({ path, change: 'keep' })),
    });
    const after = manifest({ files });
    expect(planFiles(files, edited, after, options({ drift: 'keep' }))).toMatchObject({ changed: [], changes: [] });
    // What was kept is someone's own still.
    expect(() => planFiles([file('same', '1')], edited, after)).toThrow(/same was changed on the host/);
    expect(() => planFiles(files, new Map([...edited, ['same', '8']]), previous, options({ drift: 'keep' }))).toThrow(
      /same was edited on the host while this deploy read it/,
    );
  });

  test('of .env the keys are named, and no value', () => {
    const old = manifest({
      files: [file('.env', '1')],
      env: Object.fromEntries(['A', 'B', 'COMPOSE_FILE'].map((key) => [key, saltedHash(manifest().id, key, 'one')])),
    });
    const names = driftNames(new Map([['A', 'other'], ['C', 'secret']]), {}, old); // prettier-ignore
    expect(names).toEqual({ added: ['C'], changed: ['A'], removed: ['B'] });
    const attempt = (): unknown =>
      planFiles([file('.env', '1')], new Map([['.env', '9']]), old, options({ envNames: names }));
    expect(attempt).toThrow(/\.env was changed on the host since .* \(added: C; changed: A; removed: B\): bring/);
    const comments = { added: [], changed: [], removed: [] };
    expect(() =>
      planFiles([file('.env', '1')], new Map([['.env', '9']]), old, options({ envNames: comments })),
    ).toThrow(/only comments, blanks or the order/);
  });
});

test('a file that left the stack stays, when someone changed it', () => {
  expect(planFiles([], new Map([['gone', '9']]), previous)).toMatchObject({
    removed: [],
    changes: [{ path: 'gone', change: 'keep' }],
  });
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
      for (const { path: name, change } of changes.filter((one) => one.change !== 'keep')) {
        expect([undefined, before[name], wanted[name]]).toContain(now.get(name));
        if (change === 'write') now.set(name, wanted[name] ?? '');
        else now.delete(name);
      }
      for (const [name, sum] of Object.entries(wanted)) expect(now.get(name)).toBe(sum);
    }),
  );
});
