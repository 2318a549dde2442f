import { expect, test } from '@jest/globals';
import { layoutOf } from './layout.js';

test('everything of ours lies below .homeport, and a release in a folder of its own', () => {
  const layout = layoutOf('/srv/shop');
  const release = layout.release('20261122T021103Z-3f2a1c9');
  expect(layout.lockToken).toBe('/srv/shop/.homeport/lock/token');
  expect(release.manifest).toBe('/srv/shop/.homeport/releases/20261122T021103Z-3f2a1c9/manifest.json');
  const isName = (value: unknown): value is string => typeof value === 'string' && value.startsWith('/');
  const ours = Object.values(layout).filter(isName);
  const ofRelease = Object.values(release).filter(isName);
  expect(ours.filter((name) => name !== layout.path && !name.startsWith('/srv/shop/.homeport'))).toEqual([]);
  expect(ofRelease.filter((name) => !name.startsWith(`${layout.releases}/${release.id}`))).toEqual([]);
  const names = [...ours, ...ofRelease];
  expect(new Set(names).size).toBe(names.length);
});

test('a project in the root folder has no doubled slash', () => {
  expect(layoutOf('/').home).toBe('/.homeport');
});
