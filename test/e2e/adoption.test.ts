// A stack that somebody started by hand: it is taken as it is found, proven, and a deploy that fails returns to it.
import { expect } from '@jest/globals';
import { causeOf, onBoth, Scene, usualFiles, usualStack, type Attempt, type Stack } from './support/scene.js';
import { lasting } from './support/snapshot.js';

const both = onBoth(async (generation) => Scene.empty(generation));

interface ByHand {
  readonly change?: (stack: Stack) => void;
  /** Empty: there is no `.env`. */
  readonly env?: string;
  /** Before `docker compose up -d`, in somebody's shell. */
  readonly shell?: string;
}

/** What was there before goes. */
async function startByHand(
  { host }: Scene,
  { change, env = 'FROM_ENV=one\n', shell = '' }: ByHand = {},
): Promise<void> {
  const stack = usualStack();
  change?.(stack);
  await host.sh(
    `cd /srv/shop 2>/dev/null && docker compose -p shop down -v -t 0 --remove-orphans; rm -rf /srv/shop; mkdir /srv/shop && cd /srv/shop
cat >docker-compose.yml
printf %s '${usualFiles['motd.txt']}' >motd.txt
${env === '' ? ':' : `printf %s '${env}' >.env`}
${shell} docker compose up -d --wait`,
    { input: JSON.stringify(stack) },
  );
}

/** With all that could be Homeport's own. */
async function everything(scene: Scene): Promise<object> {
  const ours = await scene.host.sh('ls -A /srv/shop; docker image ls --format "{{.Repository}}:{{.Tag}}" | sort');
  return { ours, stack: await scene.look() };
}

function unhealthy(web: Stack['services']['web']): void {
  Object.assign(web, { image: 'acme/web:v3', environment: { HEALTH: 'never', FROM_ENV: '${FROM_ENV}' } });
}

/** It changes all kinds of things, and its web never becomes healthy. */
const failing: Attempt = {
  change: ({ services }) => {
    unhealthy(services.web);
    Reflect.deleteProperty(services, 'side');
  },
  files: { 'motd.txt': 'another one\n' },
  env: 'FROM_ENV=two\n',
};

both('a plain stack: a plan only says it, a deploy that fails returns to it, the next one is green', async (scene) => {
  await startByHand(scene, { env: '' });
  const untouched = await everything(scene);
  const plan = await scene.deploy({ inputs: { operation: 'plan' } });
  expect({ log: plan.log, result: plan.outputs['result'] }).toEqual({ log: plan.log, result: 'planned' });
  expect(plan.log).toMatch(/db, side, web: started by hand, adopted as release \S+-adopted/);
  expect(await everything(scene)).toEqual(untouched);

  const before = await scene.look();
  const failed = await scene.deploy(failing);
  const { log, outputs } = failed;
  expect({ log, result: outputs['result'] }).toEqual({ log, result: 'rolled-back' });
  expect(causeOf(failed)).toMatch(/^health: web: unhealthy/);
  const after = await scene.look();
  expect({ log, after: lasting(after) }).toEqual({ log, after: lasting(before) });
  expect(after.containers['shop-db-1']).toEqual(before.containers['shop-db-1']);
  expect(after.containers['shop-side-1']?.id).toBe(before.containers['shop-side-1']?.id);
  expect(after.serving).toMatch(/-adopted$/);
  expect(outputs['serving-release']).toBe(after.serving.replace('releases/', ''));
  await scene.operatorChangesNothing(after);

  const recorded = await scene.host.sh(
    'cd /srv/shop/.homeport && head -1 log.jsonl && cat current/files/motd.txt && docker image ls --format "{{.Repository}}:{{.Tag}}" | sed -n "s/-adopted$//p" | sed "s/:.*//" | sort',
  );
  expect(recorded).toMatch(
    /"operation":"adopt".*\nas it was\nhomeport\/shop\/db\nhomeport\/shop\/side\nhomeport\/shop\/web$/,
  );
  const done = await scene.succeeds({ change: ({ services: { web } }) => (web['image'] = 'acme/web:v2') });
  expect(done.outputs['previous-release']).toBe(outputs['serving-release']);
  expect((await scene.look()).containers['shop-db-1']?.id).toBe(before.containers['shop-db-1']?.id);
});

both('variables of somebody’s shell, two replicas, and what another Compose has labelled', async (scene) => {
  const change = ({ services }: Stack): void => {
    services.web['image'] = 'acme/web:${TAG:-v1}';
    services['twice'] = { image: 'acme/web:v1', environment: { LEVEL: '${LEVEL}' } };
  };
  await startByHand(scene, { change, shell: 'docker compose up -d --scale twice=2 twice; TAG=v2 LEVEL=high' });
  await scene.host.sh(`cd /srv/shop && TAG=v2 LEVEL=high docker compose up -d --scale twice=2
docker rm -f -t 0 shop-side-1 2>/dev/null || docker rm -f shop-side-1
l=com.docker.compose
docker run -d --name shop-side-1 --network shop_default --restart unless-stopped --label $l.project=shop --label $l.service=side --label $l.oneoff=False --label $l.container-number=1 --label $l.version=2.1.1 --label $l.config-hash=other --label $l.project.working_dir=/srv/shop --label $l.project.config_files=/srv/shop/docker-compose.yml acme/web:v1`);
  const before = await scene.look();
  const failed = await scene.deploy({
    ...failing,
    change: ({ services: { web } }) => {
      unhealthy(web);
    },
  });
  const { log, outputs } = failed;
  expect({ log, result: outputs['result'] }).toEqual({ log, result: 'rolled-back' });
  expect(log).toMatch(/with LEVEL, TAG as its containers have it; side field by field/);
  const after = await scene.look();
  // It is labelled by this host's Compose now.
  const { 'shop-side-1': side, ...others } = after.containers;
  const was = before.containers['shop-side-1'];
  expect(side?.id).not.toBe(was?.id);
  const labelledAsBefore = { ...side, hash: was?.hash ?? '' } as (typeof after.containers)[string];
  expect({ log, after: lasting({ ...after, containers: { ...others, 'shop-side-1': labelledAsBefore } }) }).toEqual({
    log,
    after: lasting(before),
  });
  expect(Object.keys(after.containers)).toContain('shop-twice-2');
});

both('what cannot be proven is refused, all of it, and nothing is changed; or taken as it is', async (scene) => {
  await startByHand(scene, {
    change: ({ services: { side, web } }) => {
      Object.assign(side, { env_file: '.env' });
      web['ports'] = ['${PORT}:8080'];
    },
    env: 'FROM_ENV=one\nPORT=18080\n',
  });
  await scene.host.sh(
    'cd /srv/shop && { echo FROM_ENV=secret-word; echo PORT=18081; } >.env && echo edited >new && mv new motd.txt',
  );
  const untouched = await everything(scene);
  const refused = await scene.deploy();
  expect(await everything(scene)).toEqual(untouched);
  const { log, outputs } = refused;
  expect({ log, result: outputs['result'] }).toEqual({ log, result: 'failed' });
  expect(log).toMatch(/cannot be adopted: side is not what the files on the host say: environment FROM_ENV, PORT/);
  expect(log).toMatch(/cannot be adopted: web is not what the files on the host say: ports/);
  expect(log).toMatch(/motd.txt was edited after shop-web-1 was started, which still has the old one/);
  // The runner itself is told what to mask.
  expect(log.replaceAll('::add-mask::secret-word', '')).not.toContain('secret-word');

  const taken = await scene.deploy({ config: { adopt: 'inexact' } });
  expect({ log: taken.log, result: taken.outputs['result'] }).toEqual({ log: taken.log, result: 'deployed' });
  expect(taken.log).toMatch(/adopted as it is .*: web is not what the files on the host say: ports/);
});
