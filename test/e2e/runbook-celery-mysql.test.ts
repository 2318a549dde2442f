// A runbook's stack (Django, MySQL, Celery, nginx), with what it has a person type: build on the host, up, wait, migrate,
// collectstatic. Its compose file is the runbook's own, but for the pace of the healthchecks.
import { expect } from '@jest/globals';
import { filesOfStack } from './support/checkout.js';
import { causeOf, onBoth, Scene, type Attempt } from './support/scene.js';

const COMPOSE = 'docker-compose.prod.yml';
const files = await filesOfStack('celery-mysql');
/** The plan asks for it: nginx waits for a web that nobody looks at. */
const withHealthcheck = (files[COMPOSE] ?? '').replace(
  "    ports:\n      - '8000:8000'\n",
  `$&    healthcheck:
      test: ['CMD', 'busybox', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8000/health/']
      interval: 1s
      retries: 20
`,
);

const hooks = {
  'before-switch': [{ run: 'web', command: ['./manage', 'migrate'], timeout: '2m' }],
  'after-switch': [
    { exec: 'web', command: './manage check', timeout: '1m' },
    { exec: 'web', command: ['./manage', 'collectstatic'], 'on-return': 'rerun', timeout: '1m' },
  ],
};
const usual: Attempt = {
  files: { ...files, [COMPOSE]: withHealthcheck },
  env: 'SECRET_KEY=una_clave_muy_larga_y_compleja\nALLOWED_HOSTS=localhost,127.0.0.1\n',
  config: {
    compose: { files: [COMPOSE] },
    hooks,
  },
};

const both = onBoth(async (generation) => Scene.empty(generation, {}, usual));

async function fromNginx({ host }: Scene, path: string): Promise<string> {
  return host.sh(`docker exec shop-nginx-1 curl -fsS -D - http://localhost${path}`);
}

async function rows({ host }: Scene, sql: string): Promise<string> {
  return host.sh(
    `docker exec shop-db-1 mariadb -u backend_user -puser_password -N backend_optimizacion -e "${sql}" 2>/dev/null`,
  );
}

both('as the runbook has it, it cannot work: the plan says where, and what to write', async (scene) => {
  const refused = await scene.deploy({ files: { [COMPOSE]: files[COMPOSE] ?? '' } });
  const { log } = refused;
  expect({ log, result: refused.outputs['result'] }).toEqual({ log, result: 'failed' });
  expect(log).toMatch(/::error [^:]*file=docker-compose\.prod\.yml,line=96/);
  expect(causeOf(refused)).toMatch(/web[^]*healthcheck/);
  expect(await scene.host.sh('docker ps -aq; docker volume ls -q; ls -A /srv/shop 2>/dev/null || :')).toBe('');
});

both('all of the runbook, in one step: the database first, for the migration; then the rest', async (scene) => {
  const { log } = await scene.succeeds();
  expect(log).toMatch(/0001_orders\.sql/);
  expect(await rows(scene, 'SELECT note FROM orders')).toBe('kept');
  expect(await fromNginx(scene, '/static/app.txt')).toMatch(/Expires[^]*\none$/);
  expect(await fromNginx(scene, '/health/')).toMatch(/\nok$/);
  await scene.succeeds({}, 'unchanged');
});

const second: Attempt = {
  files: {
    'migrations/0002_total.sql': 'ALTER TABLE orders ADD total INT NOT NULL DEFAULT 0;\n',
    'static/app.txt': 'two\n',
    'nginx/default.prod.conf': (files['nginx/default.prod.conf'] ?? '').replace('SAMEORIGIN', 'DENY'),
  },
};

both(
  'the next version: its migration, its static files, its proxy; the database keeps its container',
  async (scene) => {
    const before = await scene.look();
    await scene.succeeds(second);
    const after = await scene.look();
    for (const kept of ['shop-db-1', 'shop-redis-1']) expect(after.containers[kept]).toEqual(before.containers[kept]);
    expect(after.containers['shop-celery-1']?.image).not.toBe(before.containers['shop-celery-1']?.image);
    expect(await rows(scene, 'SELECT note, total FROM orders')).toBe('kept\t0');
    expect(await fromNginx(scene, '/static/app.txt')).toMatch(/X-Frame-Options: DENY[^]*\ntwo$/);
  },
);

both('a version that is not well: everything comes home, the static files in their volume too', async (scene) => {
  const before = await scene.look();
  const failed = await scene.comesHome(
    {
      files: {
        ...second.files,
        'migrations/0003_note.sql': 'ALTER TABLE orders MODIFY note VARCHAR(80);\n',
        'static/app.txt': 'three\n',
        'db/init.sql': `${files['db/init.sql'] ?? ''}-- three\n`,
        'nginx/default.prod.conf': (files['nginx/default.prod.conf'] ?? '').replace('SAMEORIGIN', 'THREE'),
      },
      config: {
        ...usual.config,
        hooks: { ...hooks, 'after-switch': [...hooks['after-switch'], { exec: 'web', command: 'false' }] },
      },
    },
    {
      result: 'rolled-back',
      phase: 'hooks',
      cause: /false/,
      touched: ['web', 'celery', 'celery-beat', 'nginx'],
    },
  );
  expect(failed.log).toMatch(/migrate/);
  expect(await fromNginx(scene, '/static/app.txt')).toMatch(/X-Frame-Options: DENY[^]*\ntwo$/);
  expect(await rows(scene, 'SELECT note, total FROM orders')).toBe('kept\t0');
  const after = await scene.look();
  expect(after.containers['shop-db-1']?.id).toBe(before.containers['shop-db-1']?.id);
});
