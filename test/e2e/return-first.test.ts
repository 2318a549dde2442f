// A first deploy that fails: it takes what is its own away, leaves volumes and names them, and the next one works.
import { expect } from '@jest/globals';
import { causeOf, onBoth, Scene } from './support/scene.js';

const both = onBoth(async (generation) => Scene.empty(generation));

both('a first deploy that fails before the switch leaves nothing', async (scene) => {
  const done = await scene.deploy({ change: ({ services: { web } }) => (web['image'] = 'acme/web:v404') });
  expect(done.outputs).toMatchObject({ result: 'failed', 'failed-phase': 'plan', 'serving-release': '' });
  expect(await scene.look()).toMatchObject({ containers: {}, files: {}, volumes: [], networks: [], serving: 'none' });
  expect(await scene.host.sh('ls -A /srv/shop/.homeport/releases 2>/dev/null || :')).toBe('');
});

both(
  'one that fails its gate takes its containers and networks away, and names the volumes that it leaves',
  async (scene) => {
    const before = await scene.look();
    const done = await scene.deploy({
      change: (stack) => {
        stack.services.web['environment'] = { HEALTH: 'never' };
        stack.services.web['networks'] = ['default', 'front'];
        stack['networks'] = { front: {} };
      },
      files: { 'motd.txt': 'from the failed one\n' },
    });
    const { log } = done;
    expect({ log, status: done.status, outputs: done.outputs }).toMatchObject({
      log,
      status: 1,
      outputs: { result: 'rolled-back', 'failed-phase': 'health', 'serving-release': '' },
    });
    expect(causeOf(done)).toMatch(/^health: web: unhealthy/);
    expect(log).toContain('web v1: listening');
    // For a person: in the step's own error and in the summary; for a program: in the report.
    expect(causeOf(done)).toContain('shop_db');
    expect(done.summary).toContain('shop&#95;db');
    expect(JSON.parse(done.report)).toMatchObject({ result: { volumesLeft: ['shop_db'] } });
    const after = await scene.look();
    expect({ log, after }).toEqual({ log, after: { ...before, volumes: ['shop_db'] } });
  },
);

both(
  'the next one works; its migration runs once the database that it needs is well, and before its own service',
  async (scene) => {
    const migrate = { run: 'web', command: 'printf "PING\\r\\nQUIT\\r\\n" | nc db 6379' };
    const done = await scene.succeeds({ config: { hooks: { 'before-switch': [migrate] } } });
    const journal = await scene.host.sh('sed -n "s/.* begin switch:[0-9]* //p" /srv/shop/.homeport/current/journal');
    expect(
      journal
        .replace(/hook run web .*/, 'hook')
        .split('\n')
        .slice(-6),
    ).toEqual(['up db side', 'wait until db is healthy', 'name 1 image', 'wait until db is healthy', 'hook', 'up web']);
    const { containers, serving } = await scene.look();
    expect(Object.keys(containers).sort()).toEqual(['shop-db-1', 'shop-side-1', 'shop-web-1']);
    expect(serving).toBe(`releases/${done.outputs['release'] ?? ''}`);
  },
);
