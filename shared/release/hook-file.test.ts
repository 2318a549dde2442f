import { expect, test } from '@jest/globals';
import { hookFile, hookMountPoints, type HookFileInput } from './hook-file.js';

const STAGED = '/srv/shop/.homeport/releases/1/files';
const model = {
  name: 'shop',
  services: {
    web: {
      image: 'app:1',
      build: { context: '.' },
      command: ['serve'],
      container_name: 'web',
      depends_on: { db: { condition: 'service_healthy' } },
      deploy: { replicas: 3, resources: { limits: { memory: '1G' } } },
      environment: { PASSWORD: 'a$$b' },
      networks: { front: { aliases: ['www'] }, back: null },
      ports: [{ target: 80, published: '80' }],
      restart: 'always',
      scale: 3,
      volumes: [
        { type: 'bind', source: `${STAGED}/conf`, target: '/conf' },
        { type: 'bind', source: `${STAGED}/data`, target: '/data' },
        { type: 'bind', source: STAGED, target: '/all' },
        { type: 'bind', source: `${STAGED}-not`, target: '/not' },
        { type: 'volume', source: 'uploads', target: '/uploads' },
        { type: 'tmpfs', target: '/tmp' },
      ],
    },
    db: { image: 'postgres' },
  },
  networks: { front: { name: 'shop_front' }, back: { name: 'shop_back', driver: 'bridge' } },
  volumes: { uploads: { name: 'shop_uploads' }, fresh: { name: 'shop_fresh' } },
  secrets: { key: { file: `${STAGED}/key` } },
};
const input: HookFileInput = {
  stagedModel: JSON.stringify(model),
  service: 'web',
  imageId: 'sha256:new',
  staged: STAGED,
  path: '/srv/shop',
  shipped: [{ path: 'conf/app.conf' }],
  added: [],
  changed: [],
  existingNetworks: ['shop_front'],
  existingVolumes: ['shop_uploads'],
};

const made = (more: Partial<HookFileInput> = {}): Record<string, Record<string, Record<string, unknown>>> =>
  JSON.parse(hookFile({ ...input, ...more })) as Record<string, Record<string, Record<string, unknown>>>;

test('the file has one service, of the new image, which claims nothing that another container holds', () => {
  const { services } = made();
  expect(services).toEqual({
    web: {
      image: 'sha256:new',
      command: ['serve'],
      deploy: { resources: { limits: { memory: '1G' } } },
      environment: { PASSWORD: 'a$$b' },
      networks: ['front', 'back'],
      volumes: [
        { type: 'bind', source: '/srv/shop/conf', target: '/conf' },
        { type: 'bind', source: '/srv/shop/data', target: '/data' },
        { type: 'bind', source: '/srv/shop', target: '/all' },
        { type: 'bind', source: `${STAGED}-not`, target: '/not' },
        { type: 'volume', source: 'uploads', target: '/uploads' },
        { type: 'tmpfs', target: '/tmp' },
      ],
    },
  });
});

test('what exists is external, what does not is made', () => {
  const { networks, volumes, secrets } = made({ shipped: [{ path: 'key' }] });
  expect(networks).toEqual({
    front: { name: 'shop_front', external: true },
    back: { name: 'shop_back', driver: 'bridge' },
  });
  expect(volumes).toEqual({ uploads: { name: 'shop_uploads', external: true }, fresh: { name: 'shop_fresh' } });
  expect(secrets).toEqual(model.secrets);
});

/** The mounts of a hook whose service has just these. */
function mountsOf(volumes: readonly object[], more: Partial<HookFileInput>): unknown {
  const stagedModel = JSON.stringify({ services: { web: { image: 'app:1', volumes } } });
  return made({ stagedModel, ...more })['services']?.['web']?.['volumes'];
}

test('a folder is the host’s own, for data may lie in it; shipped files that differ lie over it as they will be', () => {
  const volumes = [
    { type: 'bind', source: `${STAGED}/data`, target: '/app/data/', bind: { create_host_path: true } },
    { type: 'bind', source: STAGED, target: '/all', read_only: true },
  ];
  const shipped = ['data/.gitkeep', 'data/new.sql', 'same'].map((path) => ({ path }));
  expect(mountsOf(volumes, { shipped, added: ['data/new.sql'], changed: ['data/.gitkeep'] })).toEqual([
    { type: 'bind', source: '/srv/shop/data', target: '/app/data/', bind: { create_host_path: true } },
    { type: 'bind', source: `${STAGED}/data/new.sql`, target: '/app/data/new.sql' },
    { type: 'bind', source: `${STAGED}/data/.gitkeep`, target: '/app/data/.gitkeep' },
    { type: 'bind', source: '/srv/shop', target: '/all', read_only: true },
    { type: 'bind', source: `${STAGED}/data/new.sql`, target: '/all/data/new.sql', read_only: true },
    { type: 'bind', source: `${STAGED}/data/.gitkeep`, target: '/all/data/.gitkeep', read_only: true },
  ]);
});

test('a file that is mounted by itself is the new one when it differs', () => {
  const volumes = ['one', 'two', 'three'].map((name) => ({
    type: 'bind',
    source: `${STAGED}/${name}`,
    target: `/${name}`,
  }));
  const shipped = [{ path: 'one' }, { path: 'two' }];
  const sources = (mountsOf(volumes, { shipped, added: ['one'] }) as { source: string }[]).map(({ source }) => source);
  expect(sources).toEqual([`${STAGED}/one`, '/srv/shop/two', '/srv/shop/three']);
});

test('a name with a dollar is no variable, and is known as what it is', () => {
  const volumes = [{ type: 'bind', source: `${STAGED}/a$$b`, target: '/a' }];
  expect(mountsOf(volumes, { shipped: [{ path: 'a$b/c$d' }], changed: ['a$b/c$d'] })).toEqual([
    { type: 'bind', source: '/srv/shop/a$$b', target: '/a' },
    { type: 'bind', source: `${STAGED}/a$$b/c$$d`, target: '/a/c$$d' },
  ]);
});

test('a place is needed for what is new in a mounted folder, and for nothing else', () => {
  const shipped = ['conf/app.conf', 'conf/new', 'conf/changed', 'data/x', 'single'].map((path) => ({ path }));
  const volumes = [
    { type: 'bind', source: `${STAGED}/conf`, target: '/conf' },
    { type: 'bind', source: `${STAGED}/single`, target: '/single' },
    { type: 'volume', source: 'uploads', target: '/uploads' },
  ];
  const stagedModel = JSON.stringify({ services: { web: { volumes }, db: {} } });
  const subject = {
    ...input,
    stagedModel,
    shipped,
    added: ['conf/new', 'data/x', 'single'],
    changed: ['conf/changed'],
  };
  expect(hookMountPoints(subject)).toEqual(['conf/new']);
  expect(hookMountPoints({ ...subject, service: 'db' })).toEqual([]);
});

test('a secret that is not shipped is the host’s', () => {
  const { secrets } = made({ shipped: [] });
  expect(secrets).toEqual({ key: { file: '/srv/shop/key' } });
});

test('a stack without networks or volumes has none; an unknown service is a defect', () => {
  const bare = JSON.stringify({ services: { web: { image: 'app:1' } } });
  expect(made({ stagedModel: bare })).toEqual({ services: { web: { image: 'sha256:new' } } });
  expect(() => made({ service: 'absent' })).toThrow('no service absent');
});
