import { describe, expect, test } from '@jest/globals';
import { modelForHash, moveModel, needsModelForHash } from './model-for-hash.js';
import { imageName, isOneShot, parseModel, type ComposeModel, type ServiceModel } from './model.js';

const model = (services: Record<string, unknown>, more: Record<string, unknown> = {}): ComposeModel =>
  parseModel(JSON.stringify({ name: 'shop', services, ...more }));
const service = (definition: Record<string, unknown>): ServiceModel =>
  Object.values(model({ web: definition }).services)[0] ?? never();

describe('what Compose printed', () => {
  test('a service of which nothing is said has everything filled in', () => {
    expect(service({ command: null, entrypoint: null })).toEqual({
      name: 'web',
      image: undefined,
      build: undefined,
      containerName: undefined,
      dependsOn: {},
      environment: {},
      healthcheck: undefined,
      labels: {},
      links: [],
      networkMode: undefined,
      ipc: undefined,
      pid: undefined,
      volumesFrom: [],
      networks: [],
      ports: [],
      profiles: [],
      pullPolicy: undefined,
      restart: undefined,
      restartCondition: undefined,
      replicas: 1,
      stopGracePeriod: undefined,
      volumes: [],
      configs: [],
      secrets: [],
    });
  });

  test('each $ is doubled there, in values and keys, and single here', () => {
    const web = service({ environment: { K$$EY: 'a$$b$${X}$$$$', EMPTY: null }, labels: { x: '$$1' } });
    expect(web.environment).toEqual({ K$EY: 'a$b${X}$$', EMPTY: null });
    expect(web.labels).toEqual({ x: '$1' });
  });

  test('mounts, ports, dependencies, build', () => {
    const web = service({
      volumes: [
        { type: 'bind', source: '/srv/x', target: '/x', read_only: true, bind: { create_host_path: true } },
        { type: 'volume', target: '/anonymous', volume: {} },
      ],
      ports: [
        { mode: 'ingress', host_ip: '127.0.0.1', target: 80, published: '8080', protocol: 'tcp' },
        { target: 53, protocol: 'udp' },
      ],
      depends_on: {
        db: { condition: 'service_healthy', required: true, restart: true },
        opt: { condition: 'service_started', required: false },
      },
      build: {
        context: '/srv/app',
        dockerfile: 'Dockerfile',
        args: { A: 'b', N: null },
        additional_contexts: { base: 'service:db' },
      },
      secrets: [{ source: 's1', target: '/run/secrets/s1' }],
      configs: [{ source: 'c1' }],
      networks: { back: null, default: { aliases: ['x'] } },
    });
    expect(web.volumes).toEqual([
      { type: 'bind', source: '/srv/x', target: '/x', readOnly: true },
      { type: 'volume', source: '', target: '/anonymous', readOnly: false },
    ]);
    expect(web.ports).toEqual([
      { target: 80, published: '8080', hostIp: '127.0.0.1', protocol: 'tcp' },
      { target: 53, published: undefined, hostIp: undefined, protocol: 'udp' },
    ]);
    expect(web.dependsOn).toEqual({
      db: { condition: 'service_healthy', required: true, restart: true },
      opt: { condition: 'service_started', required: false, restart: false },
    });
    expect(web.build).toEqual({
      context: '/srv/app',
      dockerfile: 'Dockerfile',
      dockerfileInline: undefined,
      target: undefined,
      args: { A: 'b', N: null },
      additionalContexts: { base: 'service:db' },
    });
    expect([web.secrets, web.configs]).toEqual([
      [{ source: 's1', target: '/run/secrets/s1' }],
      [{ source: 'c1', target: undefined }],
    ]);
    expect(web.networks).toEqual(['back', 'default']);
  });

  test('networks, volumes, configs and secrets', () => {
    const shop = model(
      {},
      {
        networks: { default: { name: 'shop_default', ipam: {} }, out: { name: 'proxy', external: true } },
        volumes: { data: { name: 'shop_data' } },
        configs: { c1: { name: 'shop_c1', file: '/srv/c1' }, c2: { name: 'shop_c2', environment: 'X' } },
        secrets: { s1: { name: 's1', external: true } },
      },
    );
    expect(shop.networks['out']).toMatchObject({ name: 'proxy', external: true });
    expect(shop.volumes['data']).toEqual({ name: 'shop_data', external: false, definition: '{"name":"shop_data"}' });
    expect(shop.configs['c1']?.file).toBe('/srv/c1');
    expect(shop.configs['c2']).toMatchObject({ file: undefined, environment: 'X' });
    expect(shop.secrets['s1']?.external).toBe(true);
  });

  test('a definition is the same whatever the order of its keys', () => {
    const of = (definition: unknown): string | undefined =>
      model({}, { networks: { n: definition } }).networks['n']?.definition;
    expect(of({ name: 'n', driver: 'bridge', labels: { a: '1', b: '2' } })).toBe(
      of({ labels: { b: '2', a: '1' }, driver: 'bridge', name: 'n' }),
    );
    expect(of({ name: 'n', internal: true })).not.toBe(of({ name: 'n' }));
  });

  test.each([
    [{ scale: 3 }, 3],
    [{ deploy: { replicas: 2 } }, 2],
    [{ scale: 0, deploy: { replicas: 2 } }, 0],
    [{}, 1],
  ])('replicas of %j', (definition, replicas) => {
    expect(service(definition).replicas).toBe(replicas);
  });

  test.each([
    [{ healthcheck: { test: ['CMD', 'true'] } }, { disabled: false }],
    [{ healthcheck: { disable: true } }, { disabled: true }],
    [{ healthcheck: { test: ['NONE'] } }, { disabled: true }],
  ])('the health check of %j', (definition, healthcheck) => {
    expect(service(definition).healthcheck).toEqual(healthcheck);
  });
});

test('an image that is only built has the name that Compose gives it', () => {
  const shop = model({ web: { build: { context: '/x' } }, db: { image: 'postgres:15' } });
  expect(Object.values(shop.services).map((one) => imageName(shop, one))).toEqual(['shop-web', 'postgres:15']);
});

describe('a one-shot', () => {
  const waiting = (condition: string): Record<string, unknown> => ({ depends_on: { job: { condition } } });
  test.each<[string, Record<string, unknown>, Record<string, unknown>, boolean]>([
    ['nothing restarts it', {}, {}, true],
    ['restart: no', { restart: 'no' }, {}, true],
    ['restart: on-failure', { restart: 'on-failure:3' }, {}, true],
    ['restart: always', { restart: 'always' }, {}, false],
    ['restart: unless-stopped', { restart: 'unless-stopped' }, {}, false],
    ['deploy restarts it always', { deploy: { restart_policy: { condition: 'any' } } }, {}, false],
    ['deploy does not restart it', { restart: 'always', deploy: { restart_policy: { condition: 'none' } } }, {}, true],
    ['it publishes a port', { ports: [{ target: 80 }] }, {}, false],
    ['its health is checked', { healthcheck: { test: ['CMD', 'x'] } }, {}, false],
    ['its health check is off', { healthcheck: { disable: true } }, {}, true],
    ['another waits for its health', {}, waiting('service_healthy'), false],
    [
      'another waits for its end',
      { restart: 'always', ports: [{ target: 80 }] },
      waiting('service_completed_successfully'),
      true,
    ],
    ['another waits for its start', {}, waiting('service_started'), true],
  ])('when %s', (_what, job, other, oneShot) => {
    const shop = model({ job, other });
    expect(isOneShot(shop, shop.services['job'] ?? never())).toBe(oneShot);
  });
});

describe('a staged model in its own place', () => {
  const staged = JSON.stringify({
    services: {
      web: {
        environment: { K$$EY: 'a$$b', DIR: 'cd /srv/shop/.homeport/r/files-of-another' },
        volumes: [{ source: '/srv/shop/.homeport/r/files/nginx' }, { source: '/srv/shop/.homeport/r/files' }],
        depends_on: { db: {}, gone: { required: false } },
        cpus: 0.5,
      },
      db: { image: 'postgres' },
      side: {
        network_mode: 'service:db',
        pid: 'service:web',
        ipc: 'host',
        volumes_from: ['db:ro', 'container:other:ro', 'web'],
      },
    },
  });
  const place = { from: '/srv/shop/.homeport/r/files', to: '/srv/shop', containers: new Map([['db', 'id1']]) };
  const services = (text: string): Record<string, Record<string, unknown>> =>
    (JSON.parse(text) as { services: Record<string, Record<string, unknown>> }).services;

  test('moves its place wherever it stands: what begins with it was written as ${PWD}', () => {
    const web = services(moveModel(staged, place.from, place.to))['web'];
    expect(web?.['volumes']).toEqual([{ source: '/srv/shop/nginx' }, { source: '/srv/shop' }]);
    expect(web?.['environment']).toEqual({ K$$EY: 'a$$b', DIR: 'cd /srv/shop-of-another' });
  });

  test('for the hash: keys single, values doubled, absent dependencies dropped', () => {
    const web = services(modelForHash(staged, place))['web'];
    expect(web?.['environment']).toMatchObject({ K$EY: 'a$$b' });
    expect(web?.['depends_on']).toEqual({ db: {} });
    expect(web?.['volumes']).toEqual([{ source: '/srv/shop/nginx' }, { source: '/srv/shop' }]);
    expect(web).not.toHaveProperty('pid');
  });

  test('for the hash: containers in place of services, where they exist', () => {
    expect(services(modelForHash(staged, place))['side']).toEqual({
      network_mode: 'container:id1',
      pid: 'service:web',
      ipc: 'host',
      volumes_from: ['id1', 'other', 'web'],
    });
  });

  test('a place with signs of its own is moved too', () => {
    const odd = { from: '/srv/a$1/"x"/files', to: '/srv/a$1/"x"', containers: new Map<string, string>() };
    const text = JSON.stringify({ services: { web: { command: ['/srv/a$$1/"x"/files/run'] } } });
    expect(services(modelForHash(text, odd))['web']?.['command']).toEqual(['/srv/a$$1/"x"/run']);
  });

  test.each<[string, object, boolean]>([
    ['a plain stack', { environment: { A: 'a$$b' }, depends_on: { db: {} }, network_mode: 'host' }, false],
    ['the network of a service', { network_mode: 'service:db' }, true],
    ['the network of a container', { network_mode: 'container:db' }, false],
    ['the processes of a service', { pid: 'service:db' }, true],
    ['the memory of a service', { ipc: 'service:db' }, true],
    ['volumes of a service', { volumes_from: ['db:ro'] }, true],
    ['an absent dependency', { depends_on: { gone: { required: false } } }, true],
    ['a doubled key', { labels: { a$$b: '' } }, true],
  ])('whether its labels need it: %s', (_, web, needed) => {
    expect(needsModelForHash(JSON.stringify({ services: { web, db: {} } }), place)).toBe(needed);
  });

  test('its labels need it where the place itself cannot be told in the text', () => {
    expect(needsModelForHash('{"services":{}}', { from: '/srv/a&b/files', to: '/srv/a&b' })).toBe(true);
  });
});

function never(): never {
  throw new Error('not in the model');
}
