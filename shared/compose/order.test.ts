import { describe, expect, test } from '@jest/globals';
import { parseModel, type ComposeModel } from './model.js';
import { boundTo, dependenciesOf, dependencyLevels } from './order.js';

const model = (services: Record<string, unknown>): ComposeModel =>
  parseModel(JSON.stringify({ name: 'shop', services }));
const on = (...names: string[]): unknown => ({
  depends_on: Object.fromEntries(names.map((name) => [name, { condition: 'service_started', required: true }])),
});

test('levels: each needs only earlier ones', () => {
  const shop = model({ nginx: on('web'), web: on('db', 'redis'), worker: on('db'), db: {}, redis: {}, alone: {} });
  expect(dependencyLevels(shop)).toEqual([['alone', 'db', 'redis'], ['web', 'worker'], ['nginx']]);
});

test('no services, no levels', () => {
  expect(dependencyLevels(model({}))).toEqual([]);
});

describe('everything that makes one service need another', () => {
  test.each([
    ['links', { links: ['db:database'] }],
    ['the network of another', { network_mode: 'service:db' }],
    ['its ipc', { ipc: 'service:db' }],
    ['its processes', { pid: 'service:db' }],
    ['its volumes', { volumes_from: ['db:ro'] }],
    ['its image in a build', { build: { context: '/x', additional_contexts: { base: 'service:db' } } }],
  ])('%s', (_what, service) => {
    const shop = model({ a: service, db: {} });
    expect(dependencyLevels(shop)).toEqual([['db'], ['a']]);
  });

  test('and what is of no service, or of one that is not active, is none', () => {
    const shop = model({
      a: { ...(on('gone') as object), network_mode: 'host', volumes_from: ['container:db'], pid: 'host' },
      db: {},
    });
    expect(dependencyLevels(shop)).toEqual([['a', 'db']]);
  });
});

test('a circle is an error that shows it', () => {
  const shop = model({ front: on('a'), a: on('b'), b: on('c'), c: on('a'), db: {} });
  expect(() => dependencyLevels(shop)).toThrow('the services need each other in a circle: a -> b -> c -> a');
});

test('a service that needs itself is a circle', () => {
  expect(() => dependencyLevels(model({ a: on('a') }))).toThrow('a -> a');
});

test('dependencies by name', () => {
  const shop = model({ web: { ...(on('redis') as object), links: ['db'] }, db: {}, redis: {} });
  expect(dependenciesOf(shop.services['web'] ?? never(), shop)).toEqual(['db', 'redis']);
});

test('bound to a container are those that live in it, and no others', () => {
  const shop = model({
    a: { network_mode: 'service:vpn', pid: 'service:web', volumes_from: ['data:ro', 'container:x'] },
    b: on('vpn'),
    vpn: {},
    web: {},
    data: {},
  });
  expect(boundTo(shop.services['a'] ?? never(), shop)).toEqual(['data', 'vpn', 'web']);
  expect(boundTo(shop.services['b'] ?? never(), shop)).toEqual([]);
});

function never(): never {
  throw new Error('not in the model');
}
