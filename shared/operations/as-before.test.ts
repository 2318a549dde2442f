/** When a host may be said to be exactly as before: a container's name is part of it. */
import { expect, test } from '@jest/globals';
import { deployRequest, openScriptHost, preparedRelease } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import { container, details, engineRunning } from '../../test/support/stack.js';
import { looksAsBefore } from './as-before.js';

async function problems(before: string, now: string): Promise<string[]> {
  using files = new ScriptHost();
  const engine = engineRunning(() => [details('db', { imageId: 'db', name: now })]);
  const host = openScriptHost(files, {
    containers: async (filter) => engine.containers(filter),
    inspectContainer: async (id) => engine.inspectContainer(id),
  });
  const was = { ...container('db', { imageId: 'db', configHash: 'hash-db' }), name: before };
  const release = preparedRelease(files, { observedBefore: new Map([['db', [was]]]) });
  try {
    return await looksAsBefore({ host, request: deployRequest(), release });
  } finally {
    await host.close();
  }
}

test('the same names, or one that was lost and is there again', async () => {
  expect(await problems('shop-db-1', 'shop-db-1')).toEqual([]);
  expect(await problems('0123456789ab_shop-db-1', 'shop-db-1')).toEqual([]);
  expect(await problems('0123456789ab_shop-db-1', '0123456789ab_shop-db-1')).toEqual([]);
});

test('another name is not as before', async () => {
  expect(await problems('shop-db-1', '0123456789ab_shop-db-1')).toEqual([
    'a container of db is called 0123456789ab_shop-db-1, as none was before',
  ]);
});
