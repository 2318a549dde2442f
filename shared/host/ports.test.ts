import { expect, test } from '@jest/globals';
import type { ContainerSummary } from './engine.js';
import { joinOwners } from './ports.js';

const port = { containerPort: 80, protocol: 'tcp' };
const container: ContainerSummary = {
  id: 'c',
  name: 'shop-web-1',
  labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' },
  image: 'app',
  imageId: 'i',
  status: 'running',
  ports: [
    { ...port, address: '', port: 80 },
    { ...port, address: '', port: 80 },
    { ...port, address: '127.0.0.1', port: 8080 },
  ],
};

test('a container has its port, and the proxy that listens for it does not', () => {
  const owners = joinOwners(
    [container],
    [
      { protocol: 'tcp', address: '', port: 80, process: 'docker-proxy' },
      { protocol: 'udp', address: '', port: 80, process: 'quic' },
      { protocol: 'tcp', address: '127.0.0.1', port: 5432, process: undefined },
    ],
  );
  expect(owners.map(({ protocol, port: number, name, project }) => [number, protocol, name, project])).toEqual([
    [80, 'tcp', 'container shop-web-1', 'shop'],
    [8080, 'tcp', 'container shop-web-1', 'shop'],
    [80, 'udp', 'quic (a process)', undefined],
    [5432, 'tcp', 'another process', undefined],
  ]);
});
