import { expect, test } from '@jest/globals';
import { deployRequest, openScriptHost, preparedRelease } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import { silentLog, type Log } from '../base/log.js';
import { Phases } from './phases.js';
import { Report } from './report.js';
import type { DeployResult } from './result.js';
import type { Switching } from './switching.js';
import type { Return } from './turn-back.js';

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

async function afterReturn(returned: Return): Promise<DeployResult> {
  using scripts = new ScriptHost();
  const host = openScriptHost(scripts, { imageTags: async () => Promise.resolve([]) });
  const request = deployRequest();
  const release = preparedRelease(scripts);
  const report = new Report(host, request, new Phases(silentLog));
  report.recovered({ store: { current: release.previous, releases: [] }, deeds: [] });
  report.prepared(release);
  const switching = { host, request, release, feed: { seen: [], lost: true }, hooksBegun: [] } as unknown as Switching;
  try {
    return await report.failedAfterSwitch(new Error('x'), switching, async () => Promise.resolve(returned));
  } finally {
    await host.close();
  }
}

test('what serves after a return is said where it is known, and nothing where it is not', async () => {
  const whole = await afterReturn({ complete: true, hostState: 'as before' });
  expect([whole.verdict, whole.servingRelease, Object.keys(whole.images)]).toEqual([
    'rolled-back',
    whole.previousRelease,
    ['db', 'web'],
  ]);
  const unsure = await afterReturn({ complete: false, unsure: true, hostState: 'who knows' });
  expect([unsure.verdict, unsure.servingRelease, unsure.images]).toEqual(['failed', undefined, {}]);
  expect(unsure.previousRelease).toBe(whole.previousRelease);
});
