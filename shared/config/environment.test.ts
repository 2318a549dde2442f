import { expect, test } from '@jest/globals';
import { loadConfig, type LoadedConfig } from './load.js';
import { TestFolder, thrownBy } from './test-folder.js';

const load = (folder: TestFolder, environment = ''): LoadedConfig =>
  loadConfig({ workspace: folder.path, workingDirectory: '.', config: '' }, environment);

const wrongIn = (text: string, environment = ''): string[] => {
  using folder = new TestFolder({ 'homeport.yml': text });
  return thrownBy(() => load(folder, environment));
};

const text = `homeport: 1
project: shop
path: /srv/shop
scale: {web: 2, worker: 2}
ship: [a, b]
hooks: {before-switch: [{run: web, command: a}], after-switch: [{run: web, command: b}]}
environments:
  production: {host: d@p, url: 'https://shop.example'}
  staging: {host: [d@s], path: /srv/staging, scale: {web: 1}, ship: [c], hooks: {before-switch: []}}
`;

test('maps are merged key by key, everything else is replaced', () => {
  using folder = new TestFolder({ 'homeport.yml': text });
  const { config, environment } = load(folder, 'staging');
  expect(environment).toBe('staging');
  expect(config).toMatchObject({ path: '/srv/staging', scale: { web: 1, worker: 2 }, ship: ['c'], hosts: ['d@s'] });
  expect(config.hooks.beforeSwitch).toEqual([]);
  expect(config.hooks.afterSwitch).toHaveLength(1);
  expect(config.url).toBeUndefined();
  expect(load(folder, 'production').config).toMatchObject({ path: '/srv/shop', url: 'https://shop.example' });
});

test('one that is not there is an error with the nearest', () => {
  expect(wrongIn(text, 'prodution')).toEqual([
    'homeport.yml:7:1: unknown environment "prodution"; did you mean "production"? (there are: production, staging)',
  ]);
  expect(wrongIn('homeport: 1\nproject: a', 'x')).toEqual([
    'homeport.yml:1:1: unknown environment "x"; the config has no environments',
  ]);
});

test('several and none named is an error; the only one needs no name', () => {
  expect(wrongIn(text)).toEqual([
    'homeport.yml:7:1: there are several environments: name one with the input "environment" (production, staging)',
  ]);
  using folder = new TestFolder({ 'homeport.yml': 'homeport: 1\nproject: a\nenvironments: {only: {host: x}}' });
  expect(load(folder).environment).toBe('only');
});

test('a key named __proto__ changes nothing but itself', () => {
  expect(wrongIn('homeport: 1\nproject: a\nenvironments: {e: {scale: {__proto__: {x: 1}}}}')).toEqual([
    expect.stringMatching(/scale.__proto__ must be a whole number/),
  ]);
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});
