// Runs that are cancelled or killed, and runs that meet: what is half done is taken back, what waits says for whom.
import { expect } from '@jest/globals';
import { comesTo, slow, start, waiting } from './support/running.js';
import { causeOf, onBoth, Scene } from './support/scene.js';

const both = onBoth(async (generation) => Scene.serving(generation));

both(
  'cancelled while it waits for health: it returns; one that came meanwhile does not wait longer than told',
  async (scene) => {
    const before = await scene.look();
    const run = await start(scene, waiting);
    await comesTo(run, 'the health phase', async () => Promise.resolve(/✓ switch/.test(run.said())));
    const second = await scene.deploy({ env: 'FROM_ENV=never\n', inputs: { 'lock-timeout': '1s' } });
    expect({ log: second.log, outputs: second.outputs }).toMatchObject({
      log: second.log,
      outputs: {
        result: 'failed',
        'failed-phase': 'lock',
        'serving-release': expect.stringMatching(/^\d{8}T\d{6}Z-/) as unknown as string,
      },
    });
    expect(causeOf(second)).toMatch(/^lock: .*deploy by octocat/);
    run.process.kill('SIGTERM');
    await scene.isHome(before, await run.ended, {
      result: 'rolled-back',
      phase: 'health',
      cause: /^the job was cancelled/,
      touched: ['web'],
    });
  },
);

both('killed while it waits for health: the next deploy takes it back first, and is green', async (scene) => {
  const before = await scene.look();
  const run = await start(scene, waiting);
  await comesTo(run, 'the health phase', async () => Promise.resolve(/✓ switch/.test(run.said())));
  run.process.kill('SIGKILL');
  await run.ended;

  const next = await scene.succeeds({}, 'unchanged');
  expect(next.log).toMatch(/release \S+ was left between two releases by an earlier run: taking it back first/);
  expect(next.summary).toMatch(/unchanged, release \S+ serves; what an earlier run had left was put right first/);
  expect(next.outputs['serving-release']).toBe(before.serving.replace('releases/', ''));
  const lines = (await scene.host.sh('tail -n 2 /srv/shop/.homeport/log.jsonl')).split('\n');
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { operation: 'recover', verdict: 'taken-back' },
    { operation: 'deploy', verdict: 'unchanged' },
  ]);
  await scene.isAsBefore(before, ['web']);
});

both('two at once: the second one waits, and says for whom', async (scene) => {
  const first = await start(scene, {
    env: 'FROM_ENV=first\n',
    config: { hooks: { 'before-switch': [{ host: 'touch /tmp/inside; until test -e /tmp/go; do sleep 0.1; done' }] } },
    inputs: { reason: 'the first of two' },
  });
  await comesTo(first, 'its hook runs', async () => (await scene.host.exec('test -e /tmp/inside')).status === 0);
  const second = await start(scene, { env: 'FROM_ENV=second\n' });
  await comesTo(second, 'the second one waits', async () =>
    Promise.resolve(
      /waiting for the lock of \/srv\/shop on .*deploy by octocat.*the first of two.*https:\/\/github\.test/.test(
        second.said(),
      ),
    ),
  );
  await scene.host.sh('touch /tmp/go');
  const [one, two] = await Promise.all([first.ended, second.ended]);
  expect([one.log, one.outputs['result'], two.log, two.outputs['result']]).toEqual([
    one.log,
    'deployed',
    two.log,
    'deployed',
  ]);
  expect(two.outputs['previous-release']).toBe(one.outputs['release']);
  expect((await scene.look()).containers['shop-web-1']?.env).toContain('FROM_ENV=second');
});

both('`rollback: never` leaves what failed, for a person to look at; the next deploy is green', async (scene) => {
  const done = await scene.deploy({
    change: ({ services: { web } }) => {
      web['image'] = 'acme/web:v4';
      web['environment'] = { HEALTH: 'never' };
    },
    inputs: { rollback: 'never' },
  });
  expect({ log: done.log, status: done.status, outputs: done.outputs }).toMatchObject({
    log: done.log,
    status: 1,
    outputs: { result: 'failed', 'failed-phase': 'health' },
  });
  expect(causeOf(done)).toMatch(/^health: web: unhealthy\n.* left .*since `rollback: never` was asked for/);
  const left = await scene.look();
  expect(left.serving).toBe(`releases/${done.outputs['release'] ?? ''}`);
  expect(done.outputs['serving-release']).toBe(done.outputs['release']);
  expect(left.names['acme/web:v4']).toBe(left.containers['shop-web-1']?.image);
  await scene.operatorChangesNothing(left);
  await scene.succeeds();
});

both('killed in the middle of the switch: the next deploy takes it back first, and is green', async (scene) => {
  await scene.succeeds({ change: slow });
  const before = await scene.look();
  const run = await start(scene, {
    change: ({ services: { side, web } }) => {
      side['image'] = 'acme/web:v2';
      web['image'] = 'acme/web:v3';
    },
  });
  await comesTo(run, 'the switch is at work', async () => {
    const newest = await scene.host.exec(
      'cd /srv/shop/.homeport && id=$(ls releases | tail -n 1) && test "releases/$id" != "$(readlink current)" && ' +
        'grep -q "begin switch:[0-9]* up side" "releases/$id/journal"',
    );
    return newest.status === 0;
  });
  run.process.kill('SIGKILL');
  await run.ended;

  // The host goes on by itself, and nobody may come between.
  const next = await start(scene, { change: slow });
  await comesTo(next, 'it waits for the job', async () =>
    Promise.resolve(/whose job still runs on the host/.test(next.said())),
  );
  await scene.host.sh('docker kill $(docker ps -q --filter name=shop-side) >/dev/null');
  const done = await next.ended;
  expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'unchanged' });
  expect(done.log).toMatch(/was left between two releases by an earlier run: taking it back first/);
  await scene.isAsBefore(before, ['web', 'side']);
});
