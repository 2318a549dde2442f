// Images that turn out bad, or never arrive: a tag that moved, a disk that is full, a fetch whose runner is killed.
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { buildImage, startRegistry, webImage, type OwnRegistry } from '../hosts/registry.js';
import { NarrowWay } from './support/narrow-way.js';
import { onBoth, PATIENCE, Scene, type Stack } from './support/scene.js';

let registry: OwnRegistry;
beforeAll(async () => {
  registry = await startRegistry();
}, PATIENCE);
afterAll(async () => {
  await registry.dispose();
}, PATIENCE);

const both = onBoth(async (generation) => Scene.serving(generation, { dockerSize: '256m' }));

/** A repository for each host: a tag that moves for one must not move for the other. */
const repository = (scene: Scene): string => `${scene.host.generation}/app`;

const withWeb =
  (image: string) =>
  ({ services: { web } }: Stack): void => {
    web['image'] = image;
  };

both('a disk that fills while the image is fetched', async (scene) => {
  const zeros = await buildImage(['FROM web', 'RUN head -c 280000000 /dev/zero >/zeros']);
  await registry.push(zeros, `${repository(scene)}:big`);
  await scene.comesHome(
    { change: withWeb(`${registry.name}/${repository(scene)}:big`) },
    { result: 'failed', phase: 'fetch', cause: /no space left on device/ },
  );
});

both('a fetch whose runner is killed half-way: nothing changes, and the next deploy works', async (scene) => {
  await using way = await NarrowWay.to(registry);
  const noise = await buildImage(['FROM web-v2', 'RUN head -c 8000000 /dev/urandom >/noise']);
  await registry.push(noise, `${repository(scene)}:noise`);
  const change = withWeb(`${way.name}/${repository(scene)}:noise`);
  const before = await scene.look();

  const stuck = way.stuckAfter(4_000_000);
  let runner: ChildProcess | undefined;
  const killed = scene.deploy({ change, onStart: (child) => (runner = child) });
  await Promise.race([stuck, killed.then(({ log }) => Promise.reject(new Error(`it came to an end: ${log}`)))]);
  runner?.kill('SIGKILL');
  expect((await killed).status).toBeNull();
  await scene.staysAs(before);

  way.widen();
  await scene.succeeds({ change });
});

both('a tag that moved to something bad', async (scene) => {
  const name = `${registry.name}/${repository(scene)}:latest`;
  await registry.push('web-v1', `${repository(scene)}:latest`);
  await scene.succeeds({ change: withWeb(name) });
  const { names } = await scene.look();
  expect(names[name]).toMatch(/^sha256:/);

  await registry.push(await webImage('bad', ['ENV HEALTH=never']), `${repository(scene)}:latest`);
  await scene.comesHome(
    { change: withWeb(name) },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, shows: 'web bad: listening', touched: ['web'] },
  );
});

const unwell = ({ services: { web } }: Stack): void => {
  web['image'] = 'acme/web:v2';
  web['environment'] = { HEALTH: 'never', FROM_ENV: '${FROM_ENV}' };
};

both(
  'a database whose tag moved keeps its image and container, until it is told to pull: back, and through',
  async (scene) => {
    const tag = `${scene.host.generation}/redis:7`;
    const withDb = ({ services: { db } }: Stack): void => {
      db['image'] = `${registry.name}/${tag}`;
    };
    await registry.push('redis', tag);
    await scene.succeeds({ change: withDb });
    const { containers } = await scene.look();
    await registry.push(await buildImage(['FROM redis', 'LABEL moved=yes']), tag);

    await scene.succeeds({ change: withDb, files: { 'motd.txt': 'something else\n' } });
    expect((await scene.look()).containers['shop-db-1']).toEqual(containers['shop-db-1']);
    const config = { pull: { db: 'always' } };
    await scene.comesHome(
      {
        config,
        change: (stack) => {
          withDb(stack);
          unwell(stack);
        },
      },
      { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['db', 'web'] },
    );
    await scene.succeeds({ change: withDb, config });
    expect((await scene.look()).containers['shop-db-1']?.image).not.toBe(containers['shop-db-1']?.image);
  },
);

both('images by their digests, which no name on the host can mean: back, and through', async (scene) => {
  const tag = `${scene.host.generation}/pinned:7`;
  const pinned = async (image: string): Promise<(stack: Stack) => void> => {
    const digest = await registry.push(image, tag);
    return ({ services: { db } }) => {
      db['image'] = `${registry.name}/${tag}@${digest}`;
    };
  };
  const first = await pinned('redis');
  await scene.succeeds({ change: first });
  await scene.succeeds({ change: first }, 'unchanged');
  const second = await pinned(await buildImage(['FROM redis', 'LABEL pinned=second']));
  await scene.comesHome(
    {
      change: (stack) => {
        second(stack);
        unwell(stack);
      },
    },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['db', 'web'] },
  );
  await scene.succeeds({ change: second });
});
