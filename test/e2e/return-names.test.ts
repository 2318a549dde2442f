// Names that others moved or lost, of images and of containers: a Compose that dies while it replaces a container leaves one
// with a name that is not its own.
import { expect } from '@jest/globals';
import { until } from '../hosts/rig.js';
import { onBoth, Scene, type Stack } from './support/scene.js';

const both = onBoth(async (generation) => Scene.serving(generation));

/** Does not stop by itself, so that whoever replaces it is at work for as long as a test needs. */
const stubborn = ({ services: { side } }: Stack): void => {
  side['command'] = ['sh', '-c', "trap '' TERM; echo stubborn; while ! test -e /tmp/go; do sleep 0.1; done"];
  side['stop_grace_period'] = '600s';
};

both('the name of an image that a kept service runs was moved on the host: it keeps its container', async (scene) => {
  const before = await scene.look();
  await scene.host.sh('docker tag acme/web:v1 redis:7');
  await scene.succeeds({ change: ({ services: { web } }) => (web['image'] = 'acme/web:v2') });
  const after = await scene.look();
  expect(after.containers['shop-db-1']).toEqual(before.containers['shop-db-1']);
  expect(after.containers['shop-web-1']?.id).not.toBe(before.containers['shop-web-1']?.id);
  expect(after.names['redis:7']).toBe(before.names['redis:7']);
  await scene.succeeds();
});

both('a container that an operator lost the name of has it again, and is not touched otherwise', async (scene) => {
  const before = await scene.look();
  await scene.host.sh(
    'id=$(docker ps -q --filter name=shop-web-1) && docker rename shop-web-1 "$(echo "$id" | cut -c1-12)_shop-web-1"',
  );
  const done = await scene.deploy();
  expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'unchanged' });
  expect(done.log).toMatch(/_shop-web-1 is called shop-web-1 again/);
  await scene.staysAs(before, done.log);
});

both('Compose is killed in the middle of a recreate: the host comes home, names too', async (scene) => {
  await scene.succeeds({ change: stubborn });
  const before = await scene.look();
  const deployed = scene.deploy({
    change: (stack) => {
      stubborn(stack);
      stack.services.side['image'] = 'acme/web:v2';
    },
  });
  await until(
    'Compose replaces it',
    async () =>
      (await scene.host.exec("docker ps -a --format '{{.Names}}' | grep -q '^[0-9a-f]\\{12\\}_shop-side-1$'"))
        .status === 0,
    { timeoutMs: 60_000, everyMs: 50 },
  );
  await scene.host.sh("kill -9 $(pgrep -f '[d]ocker-compose.* up')");
  // The way back waits for what Compose had told to stop: to take it for running would be a lie a moment later.
  await until(
    'it comes to its end',
    async () =>
      (
        await scene.host.exec(
          "grep -q 'was to replace shop-side-1 and never did' /srv/shop/.homeport/releases/*/output",
        )
      ).status === 0,
    { timeoutMs: 60_000, everyMs: 50 },
  );
  await scene.host.sh('docker kill shop-side-1');
  const done = await deployed;
  await scene.isHome(before, done, {
    result: 'rolled-back',
    phase: 'switch',
    cause: /^up side: (failed|Killed)/,
    touched: ['side'],
  });
});
