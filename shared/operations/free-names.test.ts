import { expect, test } from '@jest/globals';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deployRequest } from '../../test/support/deploy.js';
import { engineWith, manifest } from '../../test/support/stack.js';
import type { ContainerSummary, ImageDetails } from '../host/engine.js';
import { layoutOf } from '../host/layout.js';
import type { ManifestService, ReleaseImage } from '../release/manifest.js';
import { writeManifest } from '../release/manifest.js';
import { openLocal } from '../ssh/local.js';
import { prune } from './conclude.js';
import type { OpenHost } from './open-host.js';

const service = (image: ReleaseImage): ManifestService => ({ image, configHash: '', replicas: 1, oneShot: false, dependsOn: {} }); // prettier-ignore
const pulled = (reference: string, id: string): ManifestService => service({ reference, id, pinned: `x@${id}` });
const IDS = ['1', '2', '3'].map((n) => `20261121T00000${n}Z-000000${n}`) as [string, string, string];

/** Prunes the first of three releases. @returns what was untagged, and said */
async function pruned(
  first: Record<string, ManifestService>,
  { names = {}, used = [], keepers = {}, mode = 'own' as const, unread = false }: { names?: Record<string, string>; used?: string[]; keepers?: Record<string, ManifestService>; mode?: 'own' | 'none'; unread?: boolean }, // prettier-ignore
): Promise<{ untagged: string[]; said: string[] }> {
  const path = mkdtempSync(join(tmpdir(), 'homeport-free-'));
  const layout = layoutOf(path);
  const shell = openLocal();
  const untagged: string[] = [];
  const said: string[] = [];
  try {
    for (const id of IDS) {
      mkdirSync(layout.release(id).directory, { recursive: true });
      if (unread && id === IDS[1]) continue;
      const services = id === IDS[0] ? first : { ...keepers, web: pulled('acme/web:v3', 'three') };
      writeFileSync(layout.release(id).manifest, writeManifest(manifest({ id, services })));
    }
    const engine = engineWith({
      imageTags: async () => Promise.resolve([]),
      containers: async () => Promise.resolve(used.map((image) => ({ image }) as ContainerSummary)),
      inspectImage: async (name) => Promise.resolve(name in names ? ({ id: names[name] } as ImageDetails) : undefined),
      untag: async (name) => Promise.resolve(untagged.push(name) > 0),
    });
    const log = { info: (line: string) => said.push(line), warning: (line: string) => said.push(line) };
    const releases = IDS.slice(0, 2).map((id) => ({ id, decision: 'confirmed' as const, begun: true, hooked: false, reverted: false, recorded: true, unfinished: false, roomLeft: false })); // prettier-ignore
    await prune(
      { shell, layout, engine, docker: undefined } as unknown as OpenHost,
      deployRequest({ prune: mode, keepReleases: 2 }),
      { current: manifest({ id: IDS[1] }), releases },
      IDS[2],
      log as unknown as Parameters<typeof prune>[4],
    );
    return { untagged, said };
  } finally {
    await shell.close();
    rmSync(path, { recursive: true, force: true });
  }
}

const web = { web: pulled('acme/web:v1', 'one') };
const meaning = { 'acme/web:v1': 'one' };

test('the version tag of a release that goes is taken away, and said', async () => {
  expect(await pruned(web, { names: meaning })).toEqual({
    untagged: ['acme/web:v1'],
    said: ['pruned with old releases: acme/web:v1'],
  });
});

test.each<[string, Record<string, ManifestService>, Parameters<typeof pruned>[1]]>([
  ['a kept release records, under any of its names', { db: pulled('postgres', 'pg') }, { names: { postgres: 'pg' }, keepers: { db: pulled('docker.io/library/postgres:latest', 'pg2') } }],
  ['means another image by now', web, { names: { 'acme/web:v1': 'other' } }],
  ['is not there', web, {}],
  ['a container of any project was made from', web, { names: meaning, used: ['sha256:x', 'docker.io/acme/web:v1'] }],
  ['was neither fetched nor built', { web: service({ reference: 'acme/web:v1', id: 'one' }) }, { names: meaning }],
  ['is a digest', { web: pulled('acme/web@sha256:' + 'a'.repeat(64), 'one') }, { names: { ['acme/web@sha256:' + 'a'.repeat(64)]: 'one' } }],
  ['may be needed by a release that cannot be read', web, { names: meaning, unread: true }],
  ['nobody asked to prune', web, { names: meaning, mode: 'none' }],
])('a name that %s stays', async (_what, first, more) => {
  expect(await pruned(first, more)).toEqual({ untagged: [], said: [] });
}); // prettier-ignore
