// What begins to serve and does not hold: the host comes home from each, on both generations, and says why.
import { expect } from '@jest/globals';
import { onBoth, Scene } from './support/scene.js';

const both = onBoth(async (generation) => Scene.serving(generation));

const never = { timeout: '6s', stable: '0s' };

both('a container that is unhealthy fails at once', async (scene) => {
  await scene.comesHome(
    {
      change: ({ services: { web } }) => {
        web['image'] = 'acme/web:v2';
        web['environment'] = { ...(web['environment'] as object), HEALTH: 'never' };
      },
    },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, shows: 'web v2: listening', touched: ['web'] },
  );
});

both('one that never gets healthy fails when its time is over', async (scene) => {
  await scene.comesHome(
    {
      config: { health: never },
      change: ({ services: { web } }) => {
        web['image'] = 'acme/web:v3';
        web['environment'] = { START_SECONDS: '600' };
        web['healthcheck'] = { ...(web['healthcheck'] as object), start_period: '600s' };
      },
    },
    {
      result: 'rolled-back',
      phase: 'health',
      cause: /^web: not within 6 s: health check has not passed yet/,
      shows: 'web v3: starting',
      touched: ['web'],
    },
  );
});

both('a crash loop without a healthcheck', async (scene) => {
  await scene.comesHome(
    {
      config: { health: { timeout: '60s', stable: '10s' } },
      change: ({ services: { side } }) => {
        side['image'] = 'acme/web:v2';
        side['environment'] = { CRASH_AFTER: '0.3', CRASH_CODE: '3' };
      },
    },
    {
      result: 'rolled-back',
      phase: 'health',
      cause: /^side: restarted (once|\d+ times), last exit code \d/,
      shows: 'fatal: crashing as asked',
      touched: ['side'],
    },
  );
});

both('a service that ends and is not started again', async (scene) => {
  await scene.comesHome(
    {
      config: { health: { timeout: '60s', stable: '10s' } },
      change: ({ services: { web } }) => {
        web['image'] = 'acme/web:v2';
        web['environment'] = { CRASH_AFTER: '1', CRASH_CODE: '7' };
      },
    },
    {
      result: 'rolled-back',
      phase: 'health',
      cause: /^web: exited with code 7/,
      shows: 'fatal: crashing as asked',
      touched: ['web'],
    },
  );
});

both('one that is healthy first and unhealthy after some seconds', async (scene) => {
  const done = await scene.comesHome(
    {
      config: { health: { timeout: '60s', stable: '60s' } },
      change: ({ services: { web } }) => {
        web['image'] = 'acme/web:v2';
        web['environment'] = { HEALTH: 'unhealthy-after:4' };
      },
    },
    { result: 'rolled-back', phase: 'health', cause: /^web: unhealthy/, shows: 'web v2: listening', touched: ['web'] },
  );
  // The gate saw it healthy, and waited on.
  if (Number(done.outputs['duration-ms']) < 4000) throw new Error('it failed before it was healthy');
});

both('a hook before the switch that fails: nothing was touched, and why is said once', async (scene) => {
  const done = await scene.comesHome(
    {
      config: {
        hooks: {
          'before-switch': [{ run: 'web', command: ['sh', '-c', 'cat /etc/version; echo no such table; exit 3'] }],
        },
      },
      change: ({ services: { web } }) => (web['image'] = 'acme/web:v2'),
    },
    { result: 'failed', phase: 'hooks', cause: /^hook run web .*: exit code 3\n/, shows: /^v2\nno such table$/m },
  );
  expect({ log: done.log, printed: done.log.match(/^no such table$/gm), warned: /orphan/i.test(done.log) }).toEqual({
    log: done.log,
    printed: ['no such table'],
    warned: false,
  });
});

both('a hook that does not end leaves nothing running', async (scene) => {
  const forever = 'echo begun; exec sleep 9999';
  await scene.comesHome(
    {
      config: { hooks: { 'before-switch': [{ run: 'web', command: forever, timeout: '3s' }] } },
      change: ({ services: { web } }) => (web['image'] = 'acme/web:v2'),
    },
    {
      result: 'failed',
      phase: 'hooks',
      cause: /^hook run web .*: timed out after 3s\n.*\nthis hook had begun: run web .*is not undone/,
      shows: /^begun$/m,
    },
  );
  expect((await scene.host.exec('docker ps -aq --filter label=com.docker.compose.oneoff=True')).stdout).toBe('');
  await scene.comesHome(
    {
      config: { hooks: { 'after-switch': [{ exec: 'side', command: forever, timeout: '3s' }] } },
      change: ({ services: { web } }) => (web['image'] = 'acme/web:v2'),
    },
    { result: 'rolled-back', phase: 'hooks', cause: /^hook exec side .*: timed out after 3s\n/, touched: ['web'] },
  );
  expect((await scene.host.exec('docker top shop-side-1')).stdout).not.toContain('9999');
});

both('a hook after the switch that fails', async (scene) => {
  await scene.comesHome(
    {
      config: { hooks: { 'after-switch': [{ exec: 'web', command: 'cat /etc/version; echo cache is cold; exit 3' }] } },
      change: ({ services: { web } }) => (web['image'] = 'acme/web:v2'),
    },
    {
      result: 'rolled-back',
      phase: 'hooks',
      cause: /^hook exec web .*: exit code 3\n/,
      shows: /^v2\ncache is cold$/m,
      touched: ['web'],
    },
  );
});
