import { expect, test } from '@jest/globals';
import { inTheWay, publishedPorts } from './claims.js';

test('published ports are counted one by one, and each once', () => {
  const port = { target: 80, hostIp: undefined, protocol: 'tcp' };
  expect(
    publishedPorts([
      { ...port, published: '80' },
      { ...port, published: '80', hostIp: '127.0.0.1' },
      { ...port, published: '8000-8002', protocol: 'udp' },
      { ...port, published: undefined },
    ]),
  ).toEqual(['80/tcp', '8000/udp', '8001/udp', '8002/udp']);
});

test('in the way is what holds the port of another, and never a service of its own', () => {
  const claims = (service: string): string[] => (service === 'a' ? ['80/tcp'] : ['81/tcp']);
  const holds = (service: string): string[] => (service === 'c' ? ['82/tcp'] : ['80/tcp', '81/tcp']);
  expect(inTheWay(['a'], ['a', 'b', 'c', 'b'], claims, holds)).toEqual(['b']);
  expect(inTheWay([], ['a', 'b'], claims, holds)).toEqual([]);
});
