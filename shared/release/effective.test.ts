import { expect, test } from '@jest/globals';
import { effectiveDifferences } from './effective.js';

const image = { Config: { Env: ['PATH=/bin'], Cmd: ['serve'], Entrypoint: null, Labels: { from: 'image' } } };
const container = {
  Name: '/shop-web-1',
  Config: {
    Image: 'acme/web:v1',
    Env: ['A=b', 'PATH=/bin'],
    Cmd: ['serve'],
    Labels: { from: 'image', own: 'x', 'com.docker.compose.version': '2.1.0' },
  },
  HostConfig: {
    RestartPolicy: { Name: 'unless-stopped', MaximumRetryCount: 0 },
    PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }] },
  },
  Mounts: [
    { Type: 'bind', Source: '/srv/shop/motd.txt', Destination: '/etc/motd.txt', RW: false },
    { Type: 'volume', Name: 'shop_data', Destination: '/data', RW: true },
    { Type: 'volume', Name: 'a'.repeat(64), Destination: '/cache', RW: true },
  ],
  NetworkSettings: { Networks: { shop_default: {} } },
};
const web = {
  image: 'acme/web:v1',
  command: null,
  environment: { A: 'b', UNSET: null },
  labels: { own: 'x' },
  restart: 'unless-stopped',
  ports: [{ target: 80, published: '8080', protocol: 'tcp' }],
  volumes: [
    { type: 'bind', source: '/srv/shop/motd.txt', target: '/etc/motd.txt', read_only: true },
    { type: 'volume', source: 'data', target: '/data' },
  ],
  networks: { default: null },
};

const differences = (service: object, one: object = container): string[] =>
  effectiveDifferences({
    project: 'shop',
    model: {
      services: { web: { ...web, ...service } },
      networks: { default: { name: 'shop_default' } },
      volumes: { data: { name: 'shop_data' } },
    },
    service: 'web',
    container: { ...container, ...one },
    image,
  });

test('a container as its file says, whatever comes from its image', () => {
  expect(differences({})).toEqual([]);
});

test.each<[string, object, string[]]>([
  ['image', { image: 'acme/web:v2' }, ['image']],
  ['a value', { environment: { A: 'secret', C: 'd' } }, ['environment A, C']],
  ['a label', { labels: {} }, ['labels own']],
  ['command', { command: ['other'] }, ['command']],
  ['entrypoint, with which the image has no command', { entrypoint: ['sh'] }, ['command', 'entrypoint']],
  ['restart', { restart: 'on-failure:3' }, ['restart']],
  ['a port', { ports: [] }, ['ports']],
  ['a mount', { volumes: web.volumes.slice(0, 1) }, ['mounts']],
  ['one that is not read-only', { volumes: [{ ...web.volumes[0], read_only: false }, web.volumes[1]] }, ['mounts']],
  ['a network', { networks: { front: null } }, ['networks']],
  ['its name', { container_name: 'web' }, ['container name']],
])('what differs is named, and no value: %s', (_name, service, expected) => {
  expect(differences(service)).toEqual(expected);
});

test('the names of an older Compose are not those that a return would give', () => {
  expect(differences({}, { Name: '/shop_web_1' })).toEqual(['container name']);
});
