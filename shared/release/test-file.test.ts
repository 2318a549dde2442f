import { expect, test } from '@jest/globals';
import type { HookFileInput } from './hook-file.js';
import { testFile } from './test-file.js';

const input = (proxy: object, existing: readonly string[]): HookFileInput => ({
  stagedModel: JSON.stringify({
    services: { proxy: { image: 'nginx', volumes: [{ type: 'bind', source: '/r/files/nginx', target: '/etc/nginx' }, { type: 'volume', source: 'certs', target: '/certs' }], ...proxy } },
    networks: { default: { name: 'shop_default' }, front: { name: 'shop_front' }, theirs: { name: 'theirs', external: true } },
    volumes: { certs: { name: 'shop_certs' } },
  }),
  service: 'proxy',
  imageId: 'sha256:1',
  staged: '/r/files',
  path: '/srv/shop',
  shipped: [{ path: 'nginx/nginx.conf' }],
  added: [],
  changed: ['nginx/nginx.conf'],
  existingNetworks: existing,
  existingVolumes: existing,
}); // prettier-ignore
const made = (given: HookFileInput, absent: readonly string[] = []): Record<string, Record<string, object>> =>
  JSON.parse(testFile(given, absent)) as Record<string, Record<string, object>>;

test('it makes nothing: what is not there yet is left out, or empty', () => {
  const file = made(input({ networks: { default: null, front: null, theirs: null } }, ['shop_default']), ['api']);
  expect(file).toMatchObject({ volumes: {} });
  expect(Object.keys(file['networks'] ?? {})).toEqual(['default', 'theirs']);
  expect(file['services']?.['proxy']).toMatchObject({
    networks: ['default', 'theirs'],
    extra_hosts: ['api:127.0.0.1'],
    volumes: [
      { source: '/srv/shop/nginx' },
      { source: '/r/files/nginx/nginx.conf', target: '/etc/nginx/nginx.conf' },
      { type: 'tmpfs', target: '/certs' },
    ],
  });
});

test('without any network of its own yet it gets none; hosts that it names stay', () => {
  expect(made(input({ networks: { front: null } }, []))['services']?.['proxy']).toMatchObject({ network_mode: 'none' });
  expect(made(input({ network_mode: 'service:web' }, []), ['api'])['services']?.['proxy']).not.toHaveProperty(
    'extra_hosts',
  );
  const named = input({ network_mode: 'host', extra_hosts: ['a=10.0.0.1'] }, ['shop_certs']);
  expect(made(named, ['api'])['services']?.['proxy']).toMatchObject({
    extra_hosts: ['a=10.0.0.1', 'api:127.0.0.1'],
    volumes: expect.arrayContaining([{ type: 'volume', source: 'certs', target: '/certs' }]) as unknown,
  });
});
