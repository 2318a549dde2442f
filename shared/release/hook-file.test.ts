import { expect, test } from '@jest/globals';
import { hookFile, type HookFileInput } from './hook-file.js';

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
        { type: 'bind', source: `${STAGED}/conf`, target: '/conf' },
        { type: 'bind', source: '/srv/shop/data', target: '/data' },
        { type: 'bind', source: STAGED, target: '/all' },
        { type: 'bind', source: `${STAGED}-not`, target: '/not' },
        { type: 'volume', source: 'uploads', target: '/uploads' },
        { type: 'tmpfs', target: '/tmp' },
      ],
    },
  });
});

test('what exists is external, what does not is made', () => {
  const { networks, volumes, secrets } = made();
  expect(networks).toEqual({
    front: { name: 'shop_front', external: true },
    back: { name: 'shop_back', driver: 'bridge' },
  });
  expect(volumes).toEqual({ uploads: { name: 'shop_uploads', external: true }, fresh: { name: 'shop_fresh' } });
  expect(secrets).toEqual(model.secrets);
});

test('the whole folder is the host’s own where nothing is shipped', () => {
  const [, , all] = made({ shipped: [] })['services']?.['web']?.['volumes'] as { source: string }[];
  expect(all?.source).toBe('/srv/shop');
});

test('a stack without networks or volumes has none; an unknown service is a defect', () => {
  const bare = JSON.stringify({ services: { web: { image: 'app:1' } } });
  expect(made({ stagedModel: bare })).toEqual({ services: { web: { image: 'sha256:new' } } });
  expect(() => made({ service: 'absent' })).toThrow('no service absent');
});
