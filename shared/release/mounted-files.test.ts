import { expect, test } from '@jest/globals';
import { serviceModel, stackModel } from '../../test/support/stack.js';
import type { MountModel } from '../compose/model.js';
import { filesUnder, isInitialisation, mountedPaths, targetsOf } from './mounted-files.js';

const mount = (type: string, source: string): MountModel => ({ type, source, target: '/x', readOnly: false });
const file = (name: string, path: string | undefined) => ({ name, external: path === undefined, file: path, content: undefined, environment: undefined }); // prettier-ignore

test('a service sees its binds, file configs and file secrets in the folder of the project', () => {
  const service = serviceModel('web', {
    volumes: [
      mount('bind', '/srv/shop/nginx/'),
      mount('bind', '/srv/shop'),
      mount('bind', '/srv/shopping/x'),
      mount('bind', '/etc/localtime'),
      mount('volume', 'data'),
    ],
    configs: [
      { source: 'app', target: undefined },
      { source: 'elsewhere', target: undefined },
    ],
    secrets: [
      { source: 'key', target: undefined },
      { source: 'unknown', target: undefined },
    ],
  });
  const model = stackModel([service], {
    configs: { app: file('app', '/srv/shop/app.conf'), elsewhere: file('elsewhere', undefined) },
    secrets: { key: file('key', '/srv/shop/secrets/key') },
  });
  expect(mountedPaths(service, model, '/srv/shop')).toEqual(['nginx', '', 'app.conf', 'secrets/key']);
});

test('files are under a mount, or are it', () => {
  const files = ['nginx/nginx.conf', 'nginx', 'nginx.conf', 'app.conf'].map((path) => ({ path }));
  expect(filesUnder(files, ['nginx']).map(({ path }) => path)).toEqual(['nginx/nginx.conf', 'nginx']);
  expect(filesUnder(files, ['']).map(({ path }) => path)).toEqual(files.map(({ path }) => path));
  expect(filesUnder(files, [])).toEqual([]);
});

test('where a container has them; what only an empty database reads', () => {
  const mounts = [
    { source: '', target: '/app' },
    { source: 'init', target: '/docker-entrypoint-initdb.d' },
    { source: 'init/a.sql', target: '/a.sql' },
  ];
  const targets = targetsOf('init/a.sql', mounts);
  expect(targets).toEqual(['/app/init/a.sql', '/docker-entrypoint-initdb.d/a.sql', '/a.sql']);
  expect(targets.map(isInitialisation)).toEqual([false, true, false]);
  expect(isInitialisation('/docker-entrypoint-initdb.data/x')).toBe(false);
});
