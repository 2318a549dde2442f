// Failing deploys that change all kinds of things at once: scale, profiles, files, env, services, networks, work that ends.
import { expect } from '@jest/globals';
import { onBoth, Scene, type Attempt, type Stack } from './support/scene.js';

/** Two replicas and a service of a profile, so that the way back has both to bring back. */
const usual: Attempt = {
  change: ({ services }) => {
    services['tool'] = { image: 'acme/web:v1', profiles: ['tools'] };
    services['migrate'] = {
      image: 'acme/web:v1',
      command: ['sh', '-c', 'echo migrated; date >>/log/runs'],
      volumes: ['log:/log'],
    };
    services.web['depends_on'] = {
      db: { condition: 'service_healthy' },
      migrate: { condition: 'service_completed_successfully' },
    };
  },
  config: { scale: { side: 2 }, compose: { profiles: ['tools'] } },
  env: 'FROM_ENV=one\nGOES=away\n',
};

const both = onBoth(async (generation) =>
  Scene.serving(
    generation,
    {},
    { ...usual, change: (stack) => (usual.change?.(stack), (stack['volumes'] = { db: {}, log: {} })) },
  ),
);

const neverHealthy = ({ services: { web } }: Stack): void => {
  web['image'] = 'acme/web:v2';
  web['environment'] = { HEALTH: 'never', FROM_ENV: '${FROM_ENV}' };
};

/** How often the work that ends was done, from its own book. */
const timesDone = async (scene: Scene): Promise<string> =>
  scene.host.sh('docker run --rm -v shop_log:/log acme/web:v1 cat /log/runs');

both('services added and removed, files, env, networks; what had finished is not done again', async (scene) => {
  const [before, done] = await Promise.all([scene.look(), timesDone(scene)]);
  const failed = await scene.deploy({
    change: (stack) => {
      neverHealthy(stack);
      const { services } = stack;
      services['extra'] = { image: 'acme/web:v3', volumes: ['./extra/conf:/conf:ro'], networks: ['front'] };
      services.web['networks'] = ['default', 'front'];
      stack['networks'] = { front: {} };
      if (services['migrate'] !== undefined) services['migrate']['command'] = ['sh', '-c', 'echo another one'];
      Reflect.deleteProperty(services, 'side');
      Reflect.deleteProperty(services, 'tool');
    },
    config: { scale: {}, compose: { profiles: [] } },
    files: { 'motd.txt': 'other\n', 'extra/conf': 'new\n' },
    env: 'FROM_ENV=two\nADDED=yes\n',
  });
  expect(await timesDone(scene)).toBe(done);
  await scene.isHome(before, failed, {
    result: 'rolled-back',
    phase: 'health',
    cause: /^web: unhealthy/,
    shows: 'web v2: listening',
    touched: ['web', 'side', 'tool', 'migrate'],
  });
  const plan = JSON.parse(failed.outputs['plan'] ?? '{}') as { services: { service: string; action: string }[] };
  expect(Object.fromEntries(plan.services.map(({ service, action }) => [service, action]))).toMatchObject({
    extra: 'create',
    side: 'remove',
    migrate: 'recreate',
    web: 'recreate',
    db: 'keep',
  });
});

both(
  'a secret and configs with other content: those that use them are new and have it, and it is as before after a return',
  async (scene) => {
    const using =
      (literal: string, worse?: (stack: Stack) => void) =>
      (stack: Stack): void => {
        const { services } = stack;
        const waits = ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 1; done"];
        services['w2'] = { image: 'acme/web:v1', command: waits, configs: [{ source: 'c', target: '/c' }] };
        services['w3'] = { image: 'acme/web:v1', command: waits, configs: [{ source: 'l', target: '/c' }] };
        services.side['secrets'] = ['s'];
        stack['secrets'] = { s: { environment: 'TOKEN' } };
        stack['configs'] = { c: { content: 'tok=${TOKEN} $$5\n' }, l: { content: literal } };
        worse?.(stack);
      };
    const have = async (): Promise<string> =>
      scene.host.sh(
        'docker exec shop-side-2 cat /run/secrets/s; echo; docker exec shop-w2-1 cat /c; docker exec shop-w3-1 cat /c',
      );
    const env = (token: string): string => `FROM_ENV=one\nGOES=away\nTOKEN=${token}\n`;
    const one = { change: using('literal one\n'), env: env('old-token-1') };
    await scene.succeeds(one);
    expect(await have()).toBe('old-token-1\ntok=old-token-1 $5\nliteral one');
    await scene.succeeds(one, 'unchanged');

    await scene.comesHome(
      { change: using('literal two\n', neverHealthy), env: env('new-token-2') },
      {
        result: 'rolled-back',
        phase: 'health',
        cause: /^web: unhealthy/,
        touched: ['web', 'side', 'w2', 'w3', 'migrate'],
      },
    );
    expect(await have()).toBe('old-token-1\ntok=old-token-1 $5\nliteral one');

    const two = await scene.succeeds({ ...one, env: env('new-token-2') });
    expect(two.outputs['changed']).toBe('side,w2');
    expect(await have()).toBe('new-token-2\ntok=new-token-2 $5\nliteral one');
    const three = await scene.succeeds({ change: using('literal two\n'), env: env('new-token-2') });
    expect(three.outputs['changed']).toBe('w3');
    expect(await have()).toBe('new-token-2\ntok=new-token-2 $5\nliteral two');
    await scene.succeeds({}, 'deployed');
  },
);

both('another scale, up and down', async (scene) => {
  await scene.comesHome(
    { change: neverHealthy, config: { scale: { side: 1, tool: 3 } } },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['web', 'side', 'tool'] },
  );
});

both('a profile that goes, and one that comes', async (scene) => {
  await scene.comesHome(
    {
      change: (stack) => {
        neverHealthy(stack);
        stack.services['debug'] = { image: 'acme/web:v3', profiles: ['debug'] };
      },
      config: { compose: { profiles: ['debug'] } },
    },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, touched: ['web', 'tool'] },
  );
});

both('work that ends with 1, and something waits for it: its log is shown', async (scene) => {
  await scene.comesHome(
    {
      change: ({ services: { migrate, web } }) => {
        if (migrate !== undefined) migrate['command'] = ['sh', '-c', 'echo no such table: orders; exit 1'];
        web['image'] = 'acme/web:v2';
      },
    },
    {
      result: 'rolled-back',
      phase: 'switch',
      cause: /^wait until migrate is completed: migrate is exited/,
      shows: 'no such table: orders',
      touched: ['migrate'],
    },
  );
});

both('work that ends with 1, and nothing waits for it: its log is shown', async (scene) => {
  await scene.comesHome(
    {
      change: ({ services }) => {
        services['cleanup'] = { image: 'acme/web:v2', command: ['sh', '-c', 'echo disk on fire; exit 1'] };
      },
    },
    {
      result: 'rolled-back',
      phase: 'health',
      cause: /^cleanup: exited with code 1/,
      shows: 'disk on fire',
    },
  );
});

both('work that ends with 0, and nothing waits for it, passes', async (scene) => {
  const done = await scene.deploy({
    change: ({ services }) => {
      services['cleanup'] = { image: 'acme/web:v2', command: ['sh', '-c', 'echo clean'] };
    },
  });
  expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'deployed' });
  expect((await scene.look()).containers['shop-cleanup-1']?.status).toBe('exited');
});
