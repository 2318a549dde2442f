import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifest } from '../../test/support/stack.js';
import { layoutOf, type Layout } from '../host/layout.js';
import type { HostShell } from '../ssh/host-shell.js';
import { openLocal } from '../ssh/local.js';
import { parseManifest, writeManifest } from './manifest.js';
import { decide, newestRelease, pointText, readStore, type Decision } from './store.js';

const FIRST = '20261121T000000Z-0000001';
const SECOND = '20261122T000000Z-0000002';

let folder: string;
let layout: Layout;
let shell: HostShell;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "homeport store's "));
  layout = layoutOf(folder);
  shell = openLocal();
});
afterEach(async () => {
  await shell.close();
  rmSync(folder, { recursive: true, force: true });
});

function release(id: string, decision?: Decision, journal = ''): void {
  const { directory } = layout.release(id);
  mkdirSync(directory, { recursive: true });
  for (const word of ['confirmed', 'reverting', 'kept']) writeFileSync(`${directory}/decision.${word}`, `${word}\n`);
  if (decision !== undefined) linkSync(`${directory}/decision.${decision}`, `${directory}/decision`);
  if (journal !== '') writeFileSync(`${directory}/journal`, journal);
  writeFileSync(`${directory}/manifest.json`, writeManifest(manifest({ id })));
}

test('a host without releases has none', async () => {
  expect(await readStore(shell, layout)).toEqual({ current: undefined, releases: [] });
  mkdirSync(layout.releases, { recursive: true });
  expect(await readStore(shell, layout)).toEqual({ current: undefined, releases: [] });
});

test('each release tells how far it came, and current which one serves', async () => {
  release(FIRST, 'confirmed', '1.00 begin switch:1 x\n2.00 done switch:0\n');
  release(SECOND, 'reverting', '1.00 begin switch:1 x\n2.00 fail switch:1 x\n3.00 done revert:0 0 failed\n');
  release('20261123T000000Z-0000003', 'kept', '1.00 begin switch:1 x\n');
  release('20261124T000000Z-0000004', undefined, '1.00 begin hooks:1 x begin switch:1\n');
  release('20261125T000000Z-0000005');
  release('20261125T000000Z-0000006', 'reverting', '1.00 begin switch:1 x\n3.00 done revert:0 1 failed\n');
  mkdirSync(join(layout.releases, 'lost+found'));
  await shell.run(pointText(layout, layout.release(FIRST)));
  const store = await readStore(shell, layout);
  expect(store.current).toEqual(parseManifest(writeManifest(manifest({ id: FIRST }))));
  expect(store.releases.map(({ id, ...rest }) => [id.slice(-1), ...Object.values(rest)])).toEqual([
    ['1', 'confirmed', true, false, false, true, false, false],
    ['2', 'reverting', true, false, true, true, false, false],
    ['3', 'kept', true, false, false, true, false, false],
    ['4', undefined, false, true, false, true, false, false],
    ['5', undefined, false, false, false, true, false, false],
    ['6', 'reverting', true, false, false, true, false, false],
  ]);
  expect(newestRelease(store)).toBe('20261125T000000Z-0000006');
});

test('current moves from one release to the next, and with the folder', async () => {
  release(FIRST, 'confirmed');
  release(SECOND, 'confirmed');
  await shell.run(pointText(layout, layout.release(FIRST)));
  await shell.run(pointText(layout, layout.release(SECOND)));
  expect(readlinkSync(layout.current)).toBe(`releases/${SECOND}`);
  expect(existsSync(join(layout.release(FIRST).directory, `releases`))).toBe(false);
  expect((await readStore(shell, layout)).current?.id).toBe(SECOND);
});

test('a current that points nowhere is none', async () => {
  release(FIRST, 'confirmed');
  await shell.run(pointText(layout, layout.release(SECOND)));
  expect((await readStore(shell, layout)).current).toBeUndefined();
});

test('a manifest of another version is not guessed at', async () => {
  release(FIRST, 'confirmed');
  await shell.run(pointText(layout, layout.release(FIRST)));
  writeFileSync(layout.release(FIRST).manifest, '{"homeport": 2}');
  await expect(readStore(shell, layout)).rejects.toThrow(/manifest of version 2 .* knows version 1/);
  expect(() => parseManifest('[]')).toThrow(/version undefined/);
});

describe('a decision', () => {
  test('is taken once: the first wins, and everyone is told which', async () => {
    release(FIRST);
    expect(await decide(shell, layout.release(FIRST), 'confirmed')).toBe('confirmed');
    expect(await decide(shell, layout.release(FIRST), 'reverting')).toBe('confirmed');
    expect(await decide(shell, layout.release(FIRST), 'confirmed')).toBe('confirmed');
    expect(readFileSync(layout.release(FIRST).decision, 'utf8')).toBe('confirmed\n');
  });

  test('of many at once is one', async () => {
    release(FIRST);
    const words = Array.from({ length: 12 }, (_, at): Decision => (at % 2 === 0 ? 'confirmed' : 'reverting'));
    const told = await Promise.all(words.map(async (word) => decide(shell, layout.release(FIRST), word)));
    expect(new Set(told).size).toBe(1);
    expect(told[0]).toBeDefined();
  });

  test('of a release that is not there is none', async () => {
    mkdirSync(layout.releases, { recursive: true });
    expect(await decide(shell, layout.release(FIRST), 'confirmed')).toBeUndefined();
  });
});
