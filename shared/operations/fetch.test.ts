import { expect, test } from '@jest/globals';
import { deployRequest, openScriptHost } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import { parseModel } from '../compose/model.js';
import type { Engine, ImageDetails } from '../host/engine.js';
import { EngineFailure } from '../host/engine-failure.js';
import { DockerConfig } from '../host/docker-config.js';
import type { Staged } from '../release/staging.js';
import type { WantedImage } from '../release/wanted-images.js';
import { fetchImages } from './fetch.js';

const wanted = (name: string): [string, WantedImage] => [
  name,
  {
    source: 'registry',
    reference: `${name}:1`,
    resolved: { reference: `${name}:1`, repository: `registry.acme/${name}`, digest: 'sha256:1', pinned: `registry.acme/${name}@sha256:1` }, // prettier-ignore
    id: undefined,
  },
];

test('what has come is held when another image cannot be had, and nothing is on its way any more', async () => {
  using scripts = new ScriptHost();
  const events: string[] = [];
  const held: string[] = [];
  const there = new Set<string>();
  let firstHeld = (): void => undefined;
  const first = new Promise<void>((resolve) => (firstHeld = resolve));
  const engine: Partial<Engine> = {
    host: 'box',
    inspectImage: async (name) =>
      Promise.resolve(there.has(name) ? ({ id: name, architecture: 'amd64', os: 'linux' } as ImageDetails) : undefined),
    pull: async (name, _auth, options) => {
      if (name.includes('one')) there.add(name);
      if (name.includes('full')) {
        await first;
        throw new EngineFailure('box', 500, 'no space left on device');
      }
      if (!name.includes('slow')) return;
      await new Promise<void>((resolve) => {
        options?.signal?.addEventListener('abort', () => {
          resolve();
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
      events.push('the slow pull has ended');
      throw new Error('aborted');
    },
    tagImage: async (_id, tag) => {
      held.push(tag);
      firstHeld();
      return Promise.resolve();
    },
  };
  const open = openScriptHost(scripts, engine);
  const facts = { ...open.facts, dockerConfig: DockerConfig.empty, architecture: 'amd64', os: 'linux' };
  const fetching = fetchImages({
    host: { ...open, facts },
    request: deployRequest(),
    id: '2',
    staged: {} as Staged,
    contexts: [],
    images: new Map(['one', 'full', 'slow'].map(wanted)),
    log: { debug: () => undefined } as unknown as Parameters<typeof fetchImages>[0]['log'],
    signal: new AbortController().signal,
  }).catch((error: unknown) => {
    events.push('the failure is told');
    throw error;
  });
  await expect(fetching).rejects.toThrow(/no space left/);
  expect(held).toEqual(['homeport/shop/one:2']);
  expect(events).toEqual(['the slow pull has ended', 'the failure is told']);
  await open.close();
});

test('what is built from another service is built with that in one file', async () => {
  using scripts = new ScriptHost();
  const open = openScriptHost(scripts);
  const facts = { ...open.facts, buildx: true, composeCommand: ['sh', '-c', 'exit 1', 'compose'] };
  const build = { context: '/c', additional_contexts: { base: 'service:base' } };
  const stagedModel = JSON.stringify({ services: { web: { build }, base: { build: { context: '/b' } } } });
  const image = { source: 'build', reference: 'shop-web', builder: 'web', buildInputs: 'x', id: undefined } as const;
  const fetching = fetchImages({
    host: { ...open, facts },
    request: deployRequest(),
    id: scripts.release.id,
    staged: { stagedModel, model: parseModel(stagedModel) } as Staged,
    contexts: [],
    images: new Map<string, WantedImage>([
      ['web', image],
      ['base', { ...image, reference: 'shop-base', builder: 'base', id: 'there' }],
    ]),
    log: { output: () => undefined } as unknown as Parameters<typeof fetchImages>[0]['log'],
    signal: new AbortController().signal,
  });
  await expect(fetching).rejects.toThrow('the build of web, base failed');
  await open.close();
});
