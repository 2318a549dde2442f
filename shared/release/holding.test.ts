import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseImageReference } from '../host/image-reference.js';
import { holdingTag, releaseOfTag, tagPattern } from './holding.js';

const release = '20261122T021103Z-3f2a1c9';
/** What Compose allows. */
const project = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,12}$/);
const service = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/);

test('a plain name is seen in its tag', () => {
  expect(holdingTag('shop', 'web', release)).toBe(`homeport/shop/web:${release}`);
  expect(tagPattern('shop')).toBe('homeport/shop/*');
});

test('whatever Compose allows as a name is a tag that an engine takes, and is known again', () => {
  fc.assert(
    fc.property(project, service, (name, one) => {
      const tag = holdingTag(name, one, release);
      expect(tag).toMatch(/^homeport(\/[a-z0-9]+(([.]|_{1,2}|-+)[a-z0-9]+)*){2}:[\w.-]+$/);
      expect(() => parseImageReference(tag)).not.toThrow();
      expect(releaseOfTag(tag, name)).toBe(release);
    }),
    { numRuns: 500 },
  );
});

test('no two services share a tag, and no two projects', () => {
  fc.assert(
    fc.property(project, project, service, service, (a, b, one, other) => {
      fc.pre(a !== b && one !== other);
      expect(holdingTag(a, one, release)).not.toBe(holdingTag(a, other, release));
      expect(releaseOfTag(holdingTag(a, one, release), b)).toBeUndefined();
    }),
  );
  expect(holdingTag('shop', 'Web', release)).not.toBe(holdingTag('shop', 'web', release));
});

test.each(['shop/web:1', 'homeport/shop', 'homeport/other/web:1', 'homeport/shopper/web:1', 'homeport/shop/web'])(
  '%s is not ours',
  (tag) => {
    expect(releaseOfTag(tag, 'shop')).toBeUndefined();
  },
);
