// Finds by itself what a stack needs from the checkout, and leaves alone what is the host's. On both generations.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { chmod, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { startHost, type TestHost } from '../hosts/host.js';
import type { Plan } from '../../shared/release/plan.js';
import { reaching, runAction, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { generations, PATIENCE, together } from './support/scene.js';
import { ids, snapshot, type Snapshot } from './support/snapshot.js';
import { wholeHost } from './support/whole-host.js';

let hosts: readonly TestHost[] = [];

beforeAll(async () => {
  hosts = await Promise.all(generations.map(async (generation) => startHost(generation)));
}, PATIENCE);

afterAll(async () => {
  await Promise.all(hosts.map(async (host) => host.remove()));
}, PATIENCE);

function onEach(name: string, work: (host: TestHost) => Promise<void>): void {
  test(name, async () => together(hosts.map((host) => async () => work(host))), PATIENCE);
}

const base = `include:
  - monitoring/compose.yaml
services:
  web:
    extends: {file: common/base.yaml, service: base}
    env_file: [app.env, {path: absent.env, required: false}]
    environment: {STAGE: base}
    volumes:
      - ./motd.txt:/etc/motd.txt:ro
      - {type: bind, source: ./site, target: /site}
      - ./data:/data
      - ./site/uploads:/uploads
      - /srv/hosts-own:/own
    configs: [{source: app, target: /etc/app.conf}]
    secrets: [token]
    depends_on: {init: {condition: service_completed_successfully}}
  init:
    image: acme/web:v1
    command: [sh, -c, 'cat /in/greeting']
    volumes: ['./init:/in:ro']
    restart: 'no'
  built:
    build: {context: app, dockerfile: docker/Dockerfile.prod, target: final, args: {FLAVOUR: "\${FLAVOUR}"}}
    command: [sleep, infinity]
    stop_grace_period: 0s
  worker:
    image: acme/web:v1
    stop_grace_period: 0s
  full:
    image: acme/web:v1
    profiles: [full]
    volumes: ['./full.txt:/full.txt']
  never:
    image: acme/web:never
    profiles: [never]
    env_file: [never.env]
configs:
  app: {file: conf/app.conf}
secrets:
  token: {file: conf/token.txt}
`;

const files: Readonly<Record<string, string>> = {
  'compose.yaml': base,
  'deploy/compose.prod.yaml': 'services: {web: {environment: {STAGE: prod}, labels: {tier: "1"}}}\n',
  'common/base.yaml':
    'services: {base: {image: "acme/web:v1", env_file: base.env, volumes: ["./shared.txt:/etc/shared.txt"], stop_grace_period: 1s}}\n',
  'common/base.env': 'FROM_BASE=yes\n',
  'common/shared.txt': 'shared\n',
  'monitoring/compose.yaml':
    'services: {watcher: {image: "acme/web:v1", environment: {MON: "${MON}"}, volumes: ["./watch.conf:/etc/watch.conf"]}}\n',
  'monitoring/.env': 'MON=included\n',
  'monitoring/watch.conf': 'watching\n',
  'app.env': 'FROM_APP=${HOME_TOWN:-here}\n',
  'motd.txt': 'hello\n',
  'full.txt': 'full\n',
  'init/greeting': 'initialised\n',
  'site/v1/index.html': 'site one\n',
  'site/.hidden': 'hidden\n',
  'site/with blank/ümlaut $x.txt': 'named\n',
  'conf/app.conf': 'conf\n',
  'conf/token.txt': 'token\n',
  'app/docker/Dockerfile.prod':
    'FROM busybox AS base\nCOPY . /app\nFROM base AS final\nARG FLAVOUR\nRUN echo "$FLAVOUR" >/flavour\nFROM base AS other\nRUN false\n',
  'app/.dockerignore': 'big\n*.log\n!keep.log\n**/secret.txt\n',
  'app/main.txt': 'main\n',
  'app/keep.log': 'kept\n',
  'app/drop.log': 'dropped\n',
  'app/big/file': 'big\n',
  'app/sub/secret.txt': 'secret\n',
  'app/sub/open.txt': 'open\n',
  'extra/notes.txt': 'notes\n',
  'unrelated/readme.md': 'not for the host\n',
  'README.md': 'not for the host either\n',
};

interface Turn {
  readonly files?: Readonly<Record<string, string>>;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly flavour?: string;
}

async function checkoutWith(more: Readonly<Record<string, string>> = {}): Promise<Checkout> {
  const checkout = await Checkout.make({ ...files, ...more });
  await checkout.write({ 'site/bin/hello': '#!/bin/sh\necho hello\n' }, 0o755);
  await symlink('v1', join(checkout.folder, 'site/current'));
  await symlink('../main.txt', join(checkout.folder, 'app/sub/link'));
  await chmod(join(checkout.folder, 'conf/token.txt'), 0o600);
  return checkout;
}

async function turn(
  host: TestHost,
  { files: more = {}, inputs = {}, flavour = 'vanilla' }: Turn,
): Promise<ActionResult> {
  await using checkout = await checkoutWith(more);
  const config = {
    homeport: 1,
    project: 'shop',
    path: '/srv/shop',
    health: { timeout: '60s', stable: '0s' },
    compose: { files: ['compose.yaml', 'deploy/compose.prod.yaml'], profiles: ['full'] },
    scale: { worker: 2 },
    ship: ['extra/'],
  };
  return await runAction({
    checkout,
    inputs: { ...reaching(host), config: JSON.stringify(config), env: `FLAVOUR=${flavour}\n`, ...inputs },
  });
}

/** A turn with that result, after which an operator's own `up -d` changes nothing. Answers the stack. */
async function ends(result: string, host: TestHost, given: Turn): Promise<Snapshot & { readonly done: ActionResult }> {
  const done = await turn(host, given);
  expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result });
  const taken = await snapshot(host);
  const said = await host.sh('cd /srv/shop && docker compose up -d 2>&1');
  const after = await snapshot(host);
  expect({ said, ids: ids(after), since: since(after) }).toEqual({ said, ids: ids(taken), since: since(taken) });
  return { ...taken, done };
}

function since({ containers }: Snapshot): Record<string, string> {
  const running = Object.entries(containers).filter(([, { status }]) => status === 'running');
  return Object.fromEntries(running.map(([name, { startedAt }]) => [name, startedAt]));
}

function changed(before: Snapshot, after: Snapshot): string[] {
  const [was, is] = [ids(before), ids(after)];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => was[name] !== is[name]).sort();
}

const planOf = (done: ActionResult): Plan => JSON.parse(done.outputs['plan'] ?? '') as Plan;

/** Folders that are the host's own, and how they must stay. */
const theirs = `cd /srv && stat -c '%n %a %U' shop/data shop/data/rows hosts-own hosts-own/rows && cat shop/data/rows hosts-own/rows`;

describe('a host that has never seen Homeport', () => {
  onEach('operation plan and dry-run change nothing, and say what would happen', async (host) => {
    const before = await wholeHost(host);
    for (const inputs of [
      { operation: 'plan' },
      { 'dry-run': 'true' },
      { operation: 'plan', path: '/srv/new/deep/shop' },
      { operation: 'plan', path: '~/apps/shop' },
    ]) {
      const done = await turn(host, { inputs });
      expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'planned' });
      expect({ log: done.log, after: await wholeHost(host) }).toEqual({ log: done.log, after: before });
      const { services, files: plannedFiles } = planOf(done);
      expect(services.map(({ service, action }) => `${action} ${service}`).sort()).toEqual(
        ['built', 'full', 'init', 'watcher', 'web', 'worker'].map((service) => `create ${service}`),
      );
      expect(plannedFiles.added).toEqual(expect.arrayContaining(['compose.yaml', 'motd.txt', '.env']));
      expect(done.summary).toContain('nothing was changed');
      expect(done.summary).toMatch(/built.*create/);
    }
  });
});

describe('a stack of many files', () => {
  const served = new Map<TestHost, Snapshot>();
  const before = (host: TestHost): Snapshot =>
    served.get(host) ?? { containers: {}, files: {}, volumes: [], networks: [], names: {} };

  onEach('arrives whole', async (host) => {
    await host.sh(
      `mkdir -p /srv/shop/data /srv/hosts-own && echo "data of years" | tee /srv/shop/data/rows >/srv/hosts-own/rows
chown -R 999:nogroup /srv/shop/data /srv/hosts-own && chmod 750 /srv/shop/data /srv/hosts-own && chmod 640 /srv/shop/data/rows
chown deploy /srv/shop`,
      { user: 'root' },
    );
    const stayed = await host.sh(theirs, { user: 'root' });
    const taken = await ends('deployed', host, {});
    served.set(host, taken);
    expect(Object.keys(taken.containers).sort()).toEqual(
      ['built-1', 'full-1', 'init-1', 'watcher-1', 'web-1', 'worker-1', 'worker-2'].map((name) => `shop-${name}`),
    );
    expect(taken.containers['shop-init-1']?.status).toBe('exited');
    expect(taken.containers['shop-web-1']?.env).toEqual(
      expect.arrayContaining(['STAGE=prod', 'FROM_BASE=yes', 'FROM_APP=here']),
    );
    expect(taken.containers['shop-watcher-1']?.env).toContain('MON=included');

    const web = await host.sh(
      `docker exec shop-web-1 sh -c 'cat /etc/motd.txt /etc/shared.txt /etc/app.conf /run/secrets/token /site/current/index.html /site/.hidden "/site/with blank/ümlaut \\$x.txt" /data/rows /own/rows; /site/bin/hello'`,
    );
    expect(web.split('\n')).toEqual([
      'hello',
      'shared',
      'conf',
      'token',
      'site one',
      'hidden',
      'named',
      'data of years',
      'data of years',
      'hello',
    ]);
    expect(
      await host.sh(
        'docker exec shop-watcher-1 cat /etc/watch.conf; docker exec shop-full-1 cat /full.txt; docker logs shop-init-1',
      ),
    ).toMatch(/^watching\nfull\n(initialised\n?)+$/);
    const built = await host.sh('docker exec shop-built-1 sh -c "cd /app && find . | sort && cat /flavour sub/link"');
    expect(built.split('\n')).toEqual([
      '.',
      './.dockerignore',
      './docker',
      './docker/Dockerfile.prod',
      './keep.log',
      './main.txt',
      './sub',
      './sub/link',
      './sub/open.txt',
      'vanilla',
      'main',
    ]);

    expect(await host.sh(theirs, { user: 'root' })).toBe(stayed);
    expect(
      Object.keys(taken.files)
        .filter((path) => /readme|never|absent|app\/|data\//i.test(path))
        .sort(),
    ).toEqual([]);
    expect(taken.files['extra/notes.txt']?.split(' ')).toContain('644');
    expect(taken.files['site/bin/hello']?.split(' ')).toContain('755');
    expect(taken.files['conf/token.txt']?.split(' ')).toContain('600');
  });

  onEach('again: nothing is built, nothing is touched, also when only ignored files changed', async (host) => {
    const more = { 'app/drop.log': 'another\n', 'app/big/more': 'more\n', 'README.md': 'another\n' };
    const taken = await ends('unchanged', host, { files: more });
    expect(changed(before(host), taken)).toEqual([]);
    expect(since(taken)).toEqual(since(before(host)));
    expect(taken.done.log).not.toContain('load build definition');
  });

  onEach('a plan of a change says what would happen, and changes nothing', async (host) => {
    const state = await wholeHost(host);
    const done = await turn(host, {
      files: { 'motd.txt': 'hello again\n', 'app/main.txt': 'main two\n' },
      inputs: { operation: 'plan' },
    });
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'planned' });
    expect({ log: done.log, state: await wholeHost(host) }).toEqual({ log: done.log, state });
    const { services, files: plannedFiles } = planOf(done);
    expect(Object.fromEntries(services.map(({ service, action }) => [service, action]))).toEqual({
      built: 'recreate',
      full: 'keep',
      init: 'keep',
      watcher: 'keep',
      web: 'recreate',
      worker: 'keep',
    });
    expect(plannedFiles.changed).toEqual(['motd.txt']);
  });

  onEach('a build argument, and a file of a context: the one service is built and replaced', async (host) => {
    const taken = await ends('deployed', host, { flavour: 'mint', files: { 'app/main.txt': 'main two\n' } });
    expect(changed(before(host), taken)).toEqual(['shop-built-1']);
    expect(await host.sh('docker exec shop-built-1 cat /flavour /app/main.txt')).toBe('mint\nmain two');
    served.set(host, taken);
  });

  onEach('a changed mode and a changed file in a folder: what the container wrote beside them stays', async (host) => {
    await host.sh(
      `docker exec shop-web-1 sh -c 'echo photo >/uploads/photo && chmod 600 /uploads/photo && chown 33 /uploads/photo'`,
    );
    const stayed = await host.sh(`${theirs} && stat -c '%a %u' /srv/shop/site/uploads /srv/shop/site/uploads/photo`, {
      user: 'root',
    });
    const given = { flavour: 'mint', files: { 'app/main.txt': 'main two\n', 'site/v1/index.html': 'site two\n' } };
    const taken = await ends('deployed', host, given);
    expect(changed(before(host), taken)).toEqual(['shop-web-1']);
    expect(await host.sh('docker exec shop-web-1 cat /site/current/index.html /uploads/photo')).toBe('site two\nphoto');
    expect(
      await host.sh(`${theirs} && stat -c '%a %u' /srv/shop/site/uploads /srv/shop/site/uploads/photo`, {
        user: 'root',
      }),
    ).toBe(stayed);
    served.set(host, taken);
  });

  onEach('scale: the input holds until the next deploy, and the others are kept', async (host) => {
    const given = { flavour: 'mint', files: { 'app/main.txt': 'main two\n', 'site/v1/index.html': 'site two\n' } };
    const more = await ends('deployed', host, { ...given, inputs: { scale: 'worker=3' } });
    expect(changed(before(host), more)).toEqual(['shop-worker-3']);
    const less = await ends('deployed', host, given);
    expect(changed(before(host), less)).toEqual([]);
    expect(since(less)).toEqual(since(before(host)));
  });
});
