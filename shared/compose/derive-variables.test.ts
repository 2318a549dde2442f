import { expect, test } from '@jest/globals';
import { deriveVariables } from './derive-variables.js';

const actual = { image: 'acme/web:v2', environment: {}, labels: {} };

test.each<[string, string, object, Record<string, string>]>([
  ['an image', 'image: acme/web:${TAG}', {}, { TAG: 'v2' }],
  ['one with a default', 'image: acme/web:${TAG:-v1}', {}, { TAG: 'v2' }],
  ['one that is required', 'image: ${IMAGE?}', {}, { IMAGE: 'acme/web:v2' }],
  ['several in a text', 'image: ${REPOSITORY}:$TAG', {}, { REPOSITORY: 'acme/web', TAG: 'v2' }],
  ['what the text cannot have become', 'image: other/web:${TAG}', {}, {}],
  ['the environment as a map', 'environment: {A: "x${B}y", C: 1}', { environment: { A: 'xzy', C: '2' } }, { B: 'z' }],
  ['as a list', 'environment: ["A=${B}", C]', { environment: { A: 'a=b', C: 'c' } }, { B: 'a=b', C: 'c' }],
  ['keys without a value', 'environment: {A: }', { environment: { A: 'a' } }, { A: 'a' }],
  ['labels', 'labels: {host: "${HOST}.test"}', { labels: { host: 'shop.test' } }, { HOST: 'shop' }],
  ['what only a set variable adds', 'image: "acme/web${TAG:+:v2}"', {}, {}],
])('%s', (_name, service, more, expected) => {
  const text = `services:\n  web:\n    ${service}\n`;
  expect(Object.fromEntries(deriveVariables([text], new Map([['web', { ...actual, ...more }]])))).toEqual(expected);
});

test('a later file has the word, and a service that is as it should be tells nothing', () => {
  const files = [
    'services: {web: {image: "acme/web:${OLD}"}, db: {image: "redis:${REDIS}"}}',
    'services: {web: {image: "acme/web:${NEW}"}}',
  ];
  expect(Object.fromEntries(deriveVariables(files, new Map([['web', actual]])))).toEqual({ NEW: 'v2' });
});
