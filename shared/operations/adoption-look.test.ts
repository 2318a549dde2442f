import { expect, test } from '@jest/globals';
import { details } from '../../test/support/stack.js';
import { composeFilesOf } from './adoption-look.js';

const startedWith = (files: string, more: Parameters<typeof details>[1] = {}): ReturnType<typeof details> =>
  details('web', { labels: { 'com.docker.compose.project.config_files': files }, ...more });
const filesOf = (files: string, directory = '/srv/shop'): string[] =>
  composeFilesOf(new Map([['web', [startedWith(files)]]]), '/srv/shop', directory);

test('the files of the last start, relative to the project; older Composes name them relative to its directory', () => {
  expect(filesOf('/srv/shop/docker-compose.yml,/srv/shop/prod.yml')).toEqual(['docker-compose.yml', 'prod.yml']);
  expect(filesOf('docker-compose.yml')).toEqual(['docker-compose.yml']);
  expect(filesOf('/srv/shop/deploy/a.yml,/srv/shop/b.yml', '/srv/shop/deploy')).toEqual(['deploy/a.yml', 'b.yml']);
  const stale = startedWith('/srv/shop/old.yml', { startedAt: 1 });
  const newest = startedWith('/srv/shop/new.yml', { startedAt: 2 });
  expect(composeFilesOf(new Map([['web', [stale, newest]]]), '/srv/shop', '/srv/shop')).toEqual(['new.yml']);
});

test.each([
  ['', /do not tell from which compose files/],
  ['/srv/shop/a.yml,/etc/shop/b.yml', /\/etc\/shop\/b.yml is not below `path`/],
  ['/srv/shop/deploy/a.yml', /project directory \/srv\/shop, which is not the folder of deploy\/a.yml/],
])('what no release could call the same way is refused: %s', (files, message) => {
  expect(() => filesOf(files)).toThrow(message);
});
