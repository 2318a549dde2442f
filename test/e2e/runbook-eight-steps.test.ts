// A runbook's deploy script of eight steps (FastAPI, Celery, PostgreSQL, Redis, nginx): code of a tag, build, migrations,
// services, health, smoke tests, and the way back when one fails. All but its backup, which is another action's.
import { expect } from '@jest/globals';
import { filesOfStack } from './support/checkout.js';
import { onBoth, Scene, type Attempt } from './support/scene.js';

const files = await filesOfStack('eight-steps');

const usual: Attempt = {
  files,
  env: "SECRET_KEY=a-key-that-nobody-guesses\nPOSTGRES_PASSWORD='p$4ssword'\n",
  config: {
    compose: { files: ['docker-compose.production.yml'] },
    'env-file': '.env.production',
    ship: ['scripts/'],
    scale: { worker: 2 },
    hooks: {
      'before-switch': [{ run: 'backend', command: ['./app', 'upgrade'], timeout: '2m' }],
      'after-switch': [{ host: 'bash scripts/smoke_tests.sh production', timeout: '1m' }],
    },
  },
};

const both = onBoth(async (generation) => Scene.empty(generation, {}, usual));

const health = async ({ host }: Scene): Promise<string> =>
  host.sh('docker exec saas-nginx-prod curl -fsS http://localhost/health');
const query = async ({ host }: Scene, sql: string): Promise<string> =>
  host.sh(`docker exec saas-postgres-prod psql -U prod_user -d saas_cafeterias_prod -tA -c "${sql}"`);
const logs = async ({ host }: Scene): Promise<string> => host.sh('sort /srv/logs/celery.log');

both('the first tag: built, migrated, up, healthy, smoke tested', async (scene) => {
  const { log } = await scene.succeeds({ inputs: { version: 'v1.0.0' } });
  expect(log).toMatch(/smoke tests of production: .*"release":"v1\.0\.0"/);
  expect(await query(scene, 'SELECT name FROM users')).toBe('Ana');
  expect(await logs(scene)).toBe('beat of v1.0.0 ready\nworker of v1.0.0 ready\nworker of v1.0.0 ready');
  const env = await scene.host.sh('docker exec saas-backend-prod cat /proc/1/environ | tr "\\0" "\\n" | sort');
  expect(env).toContain('\nLOG_LEVEL=INFO\n');
  expect(env).toContain('SECRET_KEY=a-key-that-nobody-guesses');
});

both('the next tag, from its own build; the same tag again changes nothing', async (scene) => {
  const before = await scene.look();
  const next: Attempt = {
    inputs: { version: 'v1.1.0' },
    files: { 'backend/alembic/002_mail.sql': "ALTER TABLE users ADD mail text DEFAULT 'none';\n" },
  };
  await scene.succeeds(next);
  const after = await scene.look();
  expect(await health(scene)).toContain('"release":"v1.1.0"');
  for (const kept of ['saas-postgres-prod', 'saas-redis-prod', 'saas-nginx-prod'])
    expect(after.containers[kept]).toEqual(before.containers[kept]);
  expect(Object.keys(after.containers).filter((name) => name.includes('worker'))).toHaveLength(2);
  await scene.succeeds(next, 'unchanged');
});

both('smoke tests that fail: the tag before serves again, and what the workers wrote is still there', async (scene) => {
  const wrote = await logs(scene);
  await scene.comesHome(
    {
      inputs: { version: 'v1.2.3' },
      files: { 'backend/app': (files['backend/app'] ?? '').replace('"healthy"', '"degraded"') },
    },
    {
      result: 'rolled-back',
      phase: 'hooks',
      cause: /smoke_tests\.sh/,
      shows: /smoke tests of production failed: .*degraded.*v1\.2\.3/,
      touched: ['saas-backend-prod', 'worker', 'beat'],
    },
  );
  expect(await health(scene)).toContain('"release":"v1.1.0"');
  expect((await logs(scene)).split('\n')).toEqual(expect.arrayContaining(wrote.split('\n')));
  expect(await query(scene, 'SELECT name, mail FROM users')).toBe('Ana|none');
});
