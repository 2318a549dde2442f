// What Compose gets wrong, there and back: networks, names and ports that move, names of images that others use too.
import { expect } from '@jest/globals';
import { onBoth, Scene, type Attempt, type Stack } from './support/scene.js';

const usual: Attempt = {
  change: (stack) => {
    const { web, side } = stack.services;
    web['networks'] = ['default', 'front'];
    web['ports'] = ['127.0.0.1:18080:8080'];
    side['networks'] = ['front'];
    side['container_name'] = 'shop-side-main';
    side['ports'] = ['127.0.0.1:18081:8080'];
    stack.services['store'] = { image: 'acme/web:v1', networks: ['front'], volumes: ['/stored'] };
    stack['networks'] = { front: {} };
  },
};

const both = onBoth(async (generation) => Scene.serving(generation, {}, usual));

const neverHealthy = ({ services: { web } }: Stack): void => {
  web['environment'] = { HEALTH: 'never', FROM_ENV: '${FROM_ENV}' };
};
const allOf =
  (...changes: readonly ((stack: Stack) => void)[]) =>
  (stack: Stack): void => {
    for (const change of changes) change(stack);
  };
const narrower = (stack: Stack): void => {
  stack['networks'] = { front: { driver_opts: { 'com.docker.network.driver.mtu': '1400' } } };
};
const front = async (scene: Scene): Promise<string> =>
  scene.host.sh('docker network inspect --format "{{json .Options}} {{json .Labels}}" shop_front');
const stored = async (scene: Scene): Promise<string> => scene.host.sh('docker exec shop-store-1 cat /stored/order');

both('a network with other options: back, and through; an anonymous volume keeps its data', async (scene) => {
  await scene.host.sh('docker exec shop-store-1 sh -c "echo 42 >/stored/order"');
  const options = await front(scene);
  const failed = await scene.comesHome(
    {
      change: (stack) => {
        neverHealthy(stack);
        narrower(stack);
        Reflect.deleteProperty(stack.services, 'store');
      },
    },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['web', 'side', 'store'] },
  );
  expect(failed.summary).toMatch(/front changed: it is made anew, and side, store, web are down/);
  expect(await front(scene)).toBe(options);
  expect(await stored(scene)).toBe('42');

  const before = await scene.look();
  await scene.succeeds({ change: narrower });
  const after = await scene.look();
  expect(await front(scene)).toContain('1400');
  expect(await stored(scene)).toBe('42');
  expect(after.containers['shop-db-1']).toEqual(before.containers['shop-db-1']);
  await scene.succeeds();
});

both('a container name and a port that go from one service to another: back, and through', async (scene) => {
  const moved = ({ services: { web, side } }: Stack): void => {
    web['container_name'] = 'shop-side-main';
    web['ports'] = [];
    side['container_name'] = 'shop-side-other';
    side['ports'] = ['127.0.0.1:18080:8080'];
    side['depends_on'] = ['web'];
  };
  const rolledBack = { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/ } as const;
  await scene.comesHome({ change: allOf(moved, neverHealthy) }, { ...rolledBack, touched: ['web', 'side'] });
  await scene.succeeds({ change: moved });
  expect((await scene.look()).containers).toMatchObject({ 'shop-side-main': {}, 'shop-side-other': {} });
  await scene.succeeds();
});

both('a service that is called otherwise, with its port and its name: back, and through', async (scene) => {
  const renamed = ({ services }: Stack): void => {
    services['backend'] = { ...services.side, ports: ['127.0.0.1:18081:8080'] };
    Reflect.deleteProperty(services, 'side');
  };
  await scene.comesHome(
    { change: allOf(renamed, neverHealthy) },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['web', 'side'] },
  );
  await scene.succeeds({ change: renamed });
  await scene.succeeds();
});

both('a network that others are on too is not touched', async (scene) => {
  await scene.host.sh('docker run -d --name stranger --network shop_front acme/web:v1');
  await scene.comesHome(
    { change: narrower },
    {
      result: 'failed',
      phase: 'plan',
      cause: /^the options of network shop_front changed.* container stranger is on it/,
    },
  );
  await scene.host.sh('docker rm -f stranger');
});

both('a profile that goes, with a service that has data in an anonymous volume, and comes again', async (scene) => {
  const withTools = ({ services }: Stack): void => {
    services['tool'] = { image: 'acme/web:v1', profiles: ['tools'], volumes: ['/kept'], restart: 'always' };
    services['idle'] = { image: 'acme/web:v1', profiles: ['tools'], volumes: ['/nothing'] };
  };
  const on = { compose: { profiles: ['tools'] } };
  await scene.succeeds({ change: withTools, config: on });
  await scene.host.sh('docker exec shop-tool-1 sh -c "echo 7 >/kept/count"');
  const off = await scene.succeeds({ change: withTools });
  expect(off.log).toContain('shop-tool-1 left the stack and stays');
  const { containers } = await scene.look();
  expect(containers['shop-tool-1']).toMatchObject({ status: 'exited' });
  expect(containers).not.toHaveProperty('shop-idle-1');
  await scene.succeeds({ change: withTools, config: on });
  expect(await scene.host.sh('docker exec shop-tool-1 cat /kept/count')).toBe('7');
  await scene.host.sh('docker exec shop-tool-1 rm /kept/count');
  await scene.succeeds();
});

both('a name that another project uses is told of before it moves', async (scene) => {
  await scene.host.sh('docker tag acme/web:v1 acme/shared:1 && docker run -d --name blog --network none acme/shared:1');
  const id = await scene.host.sh('docker inspect -f {{.Image}} blog');
  const built: Attempt = {
    change: ({ services: { side } }) => Object.assign(side, { build: './side', image: 'acme/shared:1' }),
    files: { 'side/Dockerfile': 'FROM acme/web:v1\nLABEL number=2\n' },
  };
  const done = await scene.succeeds(built);
  expect(done.log).toMatch(
    /acme\/shared:1 will mean another image on this engine, and container blog uses that name too/,
  );
  expect(await scene.host.sh('docker inspect -f {{.Id}} acme/shared:1')).not.toBe(id);
  expect(await scene.host.sh('stat -c %a /tmp/homeport-engine-*')).toBe('755');
  await scene.host.sh('docker rm -f blog');
});
