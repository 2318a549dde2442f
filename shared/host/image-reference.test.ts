import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { UserError } from '../base/errors.js';
import { canonicalRegistry, parseImageReference, splitTag } from './image-reference.js';

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

test.each([
  ['postgres', 'docker.io/library/postgres', 'latest', undefined],
  ['postgres:15', 'docker.io/library/postgres', '15', undefined],
  ['acme/shop', 'docker.io/acme/shop', 'latest', undefined],
  ['docker.io/postgres:15', 'docker.io/library/postgres', '15', undefined],
  ['index.docker.io/acme/shop:1', 'docker.io/acme/shop', '1', undefined],
  ['ghcr.io/acme/shop:v1.2', 'ghcr.io/acme/shop', 'v1.2', undefined],
  ['localhost/shop:1', 'localhost/shop', '1', undefined],
  ['registry:5000/a/b/c', 'registry:5000/a/b/c', 'latest', undefined],
  ['[::1]:5000/web:2', '[::1]:5000/web', '2', undefined],
  [`redis:7@${DIGEST}`, 'docker.io/library/redis', '7', DIGEST],
  [`redis@${DIGEST}`, 'docker.io/library/redis', undefined, DIGEST],
  [`registry:5000/a@${DIGEST}`, 'registry:5000/a', undefined, DIGEST],
])('%s', (reference, repository, tag, digest) => {
  expect(parseImageReference(reference)).toMatchObject({ repository, tag, digest });
});

test.each([
  '',
  'Postgres',
  'acme/Shop:1',
  'web:',
  'web: 1',
  'we b',
  'web@sha256:12',
  '/web',
  'ghcr.io/',
  'a//b',
  'web:a/b c',
])('no reference: %s', (reference) => {
  expect(() => parseImageReference(reference)).toThrow(UserError);
});

test('what was parsed names the same image when it is written out', () => {
  const component = fc.stringMatching(/^[a-z0-9]+(?:[._-][a-z0-9]+){0,2}$/);
  const registry = fc.option(fc.constantFrom('ghcr.io', 'registry:5000', 'localhost', 'r.example:443'), {
    nil: undefined,
  });
  const tag = fc.stringMatching(/^[A-Za-z0-9_][\w.-]{0,20}$/);
  fc.assert(
    fc.property(registry, fc.array(component, { minLength: 1, maxLength: 3 }), tag, (host, path, label) => {
      // The first component of a path without a registry would be one itself.
      fc.pre(host !== undefined || path.length === 1 || !/[.:]/.test(path[0] ?? ''));
      fc.pre(host !== undefined || path[0] !== 'localhost');
      const parsed = parseImageReference(`${host === undefined ? '' : `${host}/`}${path.join('/')}:${label}`);
      expect(parseImageReference(`${parsed.repository}:${parsed.tag ?? ''}`)).toEqual(parsed);
      expect(parsed.tag).toBe(label);
      expect(parsed.registry).toBe(host ?? 'docker.io');
    }),
  );
});

test('Docker Hub has one name', () => {
  expect(['https://index.docker.io/v1/', 'registry-1.docker.io', 'docker.io'].map(canonicalRegistry)).toEqual(
    Array(3).fill('docker.io'),
  );
  expect(canonicalRegistry('https://ghcr.io/v2/')).toBe('ghcr.io');
});

test('a port is no tag', () => {
  expect(splitTag('registry:5000/web')).toEqual({ name: 'registry:5000/web', tag: 'latest' });
  expect(splitTag('homeport/shop/web:20261122T021103Z-3f2a1c9')).toMatchObject({ tag: '20261122T021103Z-3f2a1c9' });
});
