import { expect, test } from '@jest/globals';
import { defaultProjectName } from './own-keys.js';

test.each([
  ['/srv/shop', 'shop'],
  ['/srv/My Shop.com', 'myshopcom'],
  ['/srv/_-shop_1', 'shop_1'],
])('a project in %s is named %s by Compose', (path, name) => {
  expect(defaultProjectName(path)).toBe(name);
});
