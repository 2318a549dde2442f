import { expect, test } from '@jest/globals';
import { deployRequest, openScriptHost, preparedRelease } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import { container, serviceModel, stackModel } from '../../test/support/stack.js';
import { fileTests } from './file-tests.js';

test('a name that the test could not resolve yet is given to it; one that answers on a network of its own is not', () => {
  using host = new ScriptHost();
  const resource = (name: string) => ({ name, external: false, definition: '' });
  const services = [
    serviceModel('proxy', { networks: ['default', 'front'], links: ['web:backend'] }),
    serviceModel('web', { networks: ['default'] }),
    serviceModel('joins', { networks: ['default'] }),
    serviceModel('fresh', { networks: ['default'], containerName: 'the-fresh-one' }),
  ];
  const model = stackModel(services, {
    networks: { default: resource('shop_default'), front: resource('shop_front') },
  });
  const bare = preparedRelease(host);
  const raw = {
    services: { proxy: { networks: { default: null } }, fresh: { networks: { default: { aliases: ['api'] } } } },
  };
  const on = (network: string) => [container('x', { networks: [network] })];
  const release = {
    ...bare,
    staged: {
      ...bare.staged,
      model,
      stagedModel: JSON.stringify({ ...raw, networks: { default: { name: 'shop_default' } } }),
    },
    plan: {
      ...bare.plan,
      services: [
        {
          service: 'proxy',
          action: 'signal' as const,
          reasons: [],
          test: { entrypoint: 'promtool', command: ['check'], byDefault: true },
        },
      ],
    },
    observedBefore: new Map([
      ['proxy', on('shop_default')],
      ['web', on('shop_default')],
      ['joins', on('shop_other')],
    ]),
    networksBefore: ['shop_default'],
  };
  const call = { project: 'shop', directory: '/srv/shop', files: [] };
  const { steps, entries } = fileTests(
    { host: openScriptHost(host), request: deployRequest(), release, token: '' },
    call,
    2,
  );
  const [entry] = entries;
  const text = entry !== undefined && 'content' in entry && typeof entry.content === 'string' ? entry.content : '';
  const file = JSON.parse(text) as {
    services: { proxy: { extra_hosts: string[] } };
  };
  expect(file.services.proxy.extra_hosts).toEqual(
    ['api', 'backend', 'fresh', 'joins', 'the-fresh-one'].map((name) => `${name}:127.0.0.1`),
  );
  expect(entries[0]).toMatchObject({ path: 'hook-3.json', mode: 0o600 });
  expect(steps).toMatchObject([{ kind: 'test', words: 'promtool check', container: `shop-${release.id}-hook-3` }]);
  expect(steps[0]?.kind === 'test' && steps[0].command.text).toMatch(/--entrypoint promtool proxy check$/);
});
