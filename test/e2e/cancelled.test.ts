// A job that is cancelled in every phase: nothing of ours is left on the runner, and the host is on one release, whole.
import { expect } from '@jest/globals';
import { until } from '../hosts/rig.js';
import { comesTo, leavesNothing, slow, start, waiting, type Running } from './support/running.js';
import { onBoth, Scene, type Attempt, type Look } from './support/scene.js';

const both = onBoth(async (generation) => Scene.serving(generation));

/** Changes a file and two services, one of which must be fetched. */
const change: Attempt = {
  change: ({ services: { side, web } }) => {
    web['image'] = 'acme/web:v2';
    side['image'] = 'acme/web:v3';
  },
  files: { 'motd.txt': 'of the one that was cancelled\n' },
};

/** The end of a cancelled run: red, whole, alone. */
async function isCancelled(scene: Scene, before: Look, run: Running, touched: readonly string[]): Promise<string> {
  const done = await run.ended;
  await leavesNothing(run);
  expect({ log: done.log, status: done.status }).toEqual({ log: done.log, status: 1 });
  expect(done.log).toMatch(/cancelled \(SIG(INT|TERM)\)/);
  await scene.isAsBefore(before, touched, done.log);
  return done.outputs['result'] ?? '';
}

both('as soon as a phase before the switch is over: the old release serves, untouched', async (scene) => {
  const before = await scene.look();
  for (const [phase, signal] of [
    ['connect', 'SIGINT'],
    ['lock', 'SIGTERM'],
    ['recover', 'SIGINT'],
    ['stage', 'SIGTERM'],
    ['plan', 'SIGINT'],
    ['fetch', 'SIGTERM'],
  ] as const) {
    let sent = false;
    const run = await start(scene, change, (said, process) => {
      if (!sent && said.includes(`✓ ${phase}`)) sent = process.kill(signal);
    });
    const result = await isCancelled(scene, before, run, phase === 'fetch' ? ['web', 'side'] : []);
    expect([phase, result]).toEqual([
      phase,
      phase === 'fetch' ? expect.stringMatching(/failed|rolled-back/) : 'failed',
    ]);
  }
  const trace = await scene.host.sh('ls /srv/shop/.homeport/lock; ls /srv/shop/.homeport/releases');
  expect(trace).not.toMatch(/token|alive/);
});

both('while a host cannot be reached: it stops trying', async (scene) => {
  const run = await start(scene, { inputs: { host: 'deploy@127.0.0.1:1' } }, undefined);
  await comesTo(run, 'a first try', async () => Promise.resolve(run.said().includes('Trying again')));
  run.process.kill('SIGINT');
  const done = await run.ended;
  expect({ log: done.log, status: done.status }).toEqual({ log: done.log, status: 1 });
  await leavesNothing(run);
});

both('while a hook before the switch runs: it is awaited, and no other is begun', async (scene) => {
  const before = await scene.look();
  const run = await cancelledInHook(scene, 'before-switch');
  await scene.host.sh('touch /tmp/go');
  expect(await isCancelled(scene, before, run, [])).toBe('failed');
  expect((await scene.host.exec('test -e /tmp/second')).status).not.toBe(0);
});

both('while a hook after the switch runs, and killed: the host goes back by itself', async (scene) => {
  const before = await scene.look();
  const run = await cancelledInHook(scene, 'after-switch');
  run.process.kill('SIGKILL');
  await run.ended;
  await scene.host.sh('touch /tmp/go');
  await until('the host is home', async () => (await newest(scene, 'grep -q "done revert:0 0 failed" journal')) === 0);
  await scene.isAsBefore(before, ['web', 'side']);
});

both('while it waits for health: it returns, and the next deploy is green', async (scene) => {
  const before = await scene.look();
  const run = await start(scene, waiting);
  await comesTo(run, 'the health phase', async () => Promise.resolve(/✓ switch/.test(run.said())));
  run.process.kill('SIGINT');
  expect(await isCancelled(scene, before, run, ['web'])).toBe('rolled-back');
  await scene.succeeds(change);
});

both('after the confirm: the new release serves, and the step is red all the same', async (scene) => {
  let sent = false;
  const run = await start(scene, { env: 'FROM_ENV=late\n' }, (said, process) => {
    if (!sent && said.includes('✓ confirm')) sent = process.kill('SIGTERM');
  });
  const done = await run.ended;
  await leavesNothing(run);
  expect({ log: done.log, status: done.status }).toEqual({ log: done.log, status: 1 });
  expect(done.log).toMatch(/was cancelled when release \S+ was confirmed already: it serves/);
  expect((await scene.look()).containers['shop-web-1']?.env).toContain('FROM_ENV=late');
  await scene.succeeds({ env: 'FROM_ENV=late\n' }, 'unchanged');
});

// The last one: what it leaves serving does not stop when it is told to.
both('in the middle of the switch, and killed as GitHub does: the host goes back by itself', async (scene) => {
  await scene.succeeds({ change: slow });
  const before = await scene.look();
  const run = await start(scene, change);
  await comesTo(run, 'the switch is at work', async () => switchIsAt(scene, 'up side'));
  run.process.kill('SIGINT');
  await comesTo(run, 'the host is told', async () => decided(scene));
  run.process.kill('SIGTERM');
  await run.ended;
  await leavesNothing(run);

  await scene.host.sh('docker kill $(docker ps -q --filter name=shop-side) >/dev/null');
  await until('the host is home', async () => (await newest(scene, 'grep -q "done revert:0 0 failed" journal')) === 0);
  await scene.isAsBefore(before, ['web', 'side']);
  await scene.succeeds({ change: slow }, 'unchanged');
});

/** Its first hook is at work until there is a /tmp/go, and the host knows that it is to go back. */
async function cancelledInHook(scene: Scene, when: 'before-switch' | 'after-switch'): Promise<Running> {
  await scene.host.sh('rm -f /tmp/inside /tmp/go /tmp/second');
  const hooks = [
    { host: 'touch /tmp/inside; until test -e /tmp/go; do sleep 0.1; done' },
    { host: 'touch /tmp/second' },
  ];
  const run = await start(scene, { ...change, config: { hooks: { [when]: hooks } } });
  await comesTo(run, 'its hook runs', async () => (await scene.host.exec('test -e /tmp/inside')).status === 0);
  run.process.kill('SIGINT');
  await comesTo(run, 'the host is told', async () => decided(scene));
  return run;
}

/** Asked of the release that the run under way brings. */
async function newest(scene: Scene, question: string): Promise<number | null> {
  const ask = `cd /srv/shop/.homeport && id=$(ls releases | tail -n 1) && test "releases/$id" != "$(readlink current)" && cd "releases/$id" && ${question}`;
  return (await scene.host.exec(ask)).status;
}

async function decided(scene: Scene): Promise<boolean> {
  return (await newest(scene, 'test "$(cat decision)" = reverting')) === 0;
}

async function switchIsAt(scene: Scene, step: string): Promise<boolean> {
  return (await newest(scene, `grep -q "begin switch:[0-9]* ${step}" journal`)) === 0;
}
