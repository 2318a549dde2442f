import { expect, test } from '@jest/globals';
import { deployRequest, openScriptHost, preparedRelease } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import type { Log } from '../base/log.js';
import { Phases } from './phases.js';
import { Report } from './report.js';
import type { Switching } from './switching.js';

test.each([
  ['lets its own images go after a complete return', true, ['homeport/shop/web:ID']],
  ['keeps them where the return is in doubt', false, []],
])('a failed release %s', async (_, complete, gone) => {
  using scripts = new ScriptHost();
  const release = preparedRelease(scripts);
  const untagged: string[] = [];
  const host = openScriptHost(scripts, {
    imageTags: async () => Promise.resolve([`homeport/shop/web:${release.id}`, 'homeport/shop/web:1']),
    untag: async (tag) => {
      untagged.push(tag.replace(release.id, 'ID'));
      return Promise.resolve(true);
    },
  });
  const request = deployRequest();
  const log = { phase: async (_name: string, work: () => Promise<unknown>) => work() } as unknown as Log;
  const report = new Report(host, request, new Phases(log));
  const switching = { host, request, release, feed: { seen: [], lost: true }, hooksBegun: [] } as unknown as Switching;
  const back = async (): Promise<{ complete: boolean; hostState: string }> =>
    Promise.resolve({ complete, hostState: 'back' });
  const { verdict } = await report.failedAfterSwitch(new Error('unhealthy'), switching, back);
  expect(verdict).toBe(complete ? 'rolled-back' : 'failed');
  expect(untagged).toEqual(gone);
  await host.close();
});
