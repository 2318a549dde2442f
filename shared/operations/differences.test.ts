import { expect, test } from '@jest/globals';
import { container } from '../../test/support/stack.js';
import { differences } from './record.js';

const observed = new Map([['web', [container('web', { imageId: 'image', configHash: 'hash' })]]]);

test.each<[string, string, string | undefined, string[]]>([
  ['all is as recorded', 'image', 'hash', []],
  ['another config', 'image', 'other', ['shop-web-1 does not have the config of this release']],
  ['a config that could not be foreseen', 'image', undefined, []],
  ['another image, all the same', 'other', undefined, ['shop-web-1 runs image image and not other']],
])('what runs: %s', (_, id, configHash, said) => {
  expect(differences({ web: { image: { id }, configHash } }, observed)).toEqual(said);
});
