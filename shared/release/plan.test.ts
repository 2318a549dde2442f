import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { changedServices, changesAnything, compareNames, type Plan } from './plan.js';

const none = { added: [], changed: [], removed: [] };
const plan: Plan = {
  release: '2',
  previousRelease: '1',
  services: [{ service: 'web', action: 'keep', reasons: [] }],
  files: none,
  env: none,
  networks: none,
  volumes: none,
  hooks: ['run web migrate'],
  warnings: ['x'],
};

test('hooks and warnings alone change nothing', () => {
  expect(changesAnything(plan)).toBe(false);
});

test.each<Partial<Plan>>([
  { services: [{ service: 'web', action: 'restart', reasons: [] }] },
  { files: { ...none, added: ['a'] } },
  { files: { ...none, changed: ['a'] } },
  { files: { ...none, removed: ['a'] } },
  { env: { ...none, added: ['A'] } },
  { env: { ...none, changed: ['A'] } },
  { env: { ...none, removed: ['A'] } },
])('%j is a change', (change) => {
  expect(changesAnything({ ...plan, ...change })).toBe(true);
});

test('every service that is not kept is changed', () => {
  const actions = ['keep', 'recreate', 'restart', 'create', 'start', 'scale', 'remove'] as const;
  const services = actions.map((action) => ({ service: action, action, reasons: [] }));
  expect(changedServices({ ...plan, services })).toEqual(actions.slice(1));
});

test('names are new, changed, gone, or the same', () => {
  const map = fc
    .dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.constantFrom('1', '2'))
    .map((entries) => new Map(Object.entries(entries)));
  fc.assert(
    fc.property(map, map, (before, after) => {
      const { added, changed, removed } = compareNames(before, after);
      for (const name of ['a', 'b', 'c', 'd']) {
        expect(added.includes(name)).toBe(!before.has(name) && after.has(name));
        expect(removed.includes(name)).toBe(before.has(name) && !after.has(name));
        expect(changed.includes(name)).toBe(
          before.has(name) && after.has(name) && before.get(name) !== after.get(name),
        );
      }
      for (const list of [added, changed, removed]) expect([...list].sort()).toEqual(list);
    }),
  );
});
