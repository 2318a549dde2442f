import { expect, test } from '@jest/globals';
import { layoutOf } from './layout.js';

test('everything of ours lies below .homeport, and a release in a folder of its own', () => {
  const layout = layoutOf('/srv/shop');
  const release = layout.release('20261122T021103Z-3f2a1c9');
  expect(layout.lockToken).toBe('/srv/shop/.homeport/lock/token');
  expect(release.manifest).toBe('/srv/shop/.homeport/releases/20261122T021103Z-3f2a1c9/manifest.json');
  const { path, release: _release, ...ours } = layout;
  const { id, ...ofRelease } = release;
  expect(Object.values(ours).filter((name) => !name.startsWith(`${path}/.homeport`))).toEqual([]);
  expect(Object.values(ofRelease).filter((name) => !name.startsWith(`${layout.releases}/${id}`))).toEqual([]);
  const names = [...Object.values(ours), ...Object.values(ofRelease)];
  expect(new Set(names).size).toBe(names.length);
});

test('a project in the root folder has no doubled slash', () => {
  expect(layoutOf('/').home).toBe('/.homeport');
});
