import { expect, test } from '@jest/globals';
import { mergedNames, servingNames, type NamedService } from './serving-names.js';

const services: Readonly<Record<string, NamedService>> = {
  web: { dependsOn: { api: '', off: '' }, image: { reference: 'app:1', id: 'new' } },
  api: { dependsOn: { db: '', web: '' }, image: { reference: 'app:1', id: 'old' } },
  db: { dependsOn: { pinned: '' }, image: { reference: 'postgres:17', id: 'pg' } },
  pinned: { dependsOn: { unknown: '' }, image: { reference: 'redis@sha256:1', id: 'redis' } },
  unknown: { dependsOn: {}, image: undefined },
};

test('names reach as far as the dependencies do; the own image goes first', () => {
  expect(servingNames('web', (name) => services[name])).toEqual([
    { reference: 'app:1', id: 'new' },
    { reference: 'postgres:17', id: 'pg' },
  ]);
  expect(servingNames('api', (name) => services[name])[0]).toEqual({ reference: 'app:1', id: 'old' });
  expect(servingNames('off', (name) => services[name])).toEqual([]);
});

test('what agrees comes together, each name once; what does not stays apart', () => {
  const [one, same, other] = ['1', '1', '2'].map((id) => ({ reference: 'a', id }));
  if (one === undefined || same === undefined || other === undefined) throw new Error('no names');
  const more = { reference: 'b', id: '3' };
  expect(mergedNames([one], [same, more])).toEqual([one, more]);
  expect(mergedNames([one], [more, other])).toBeUndefined();
});
