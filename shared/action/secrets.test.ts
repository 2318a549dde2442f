import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ROLLED_BACK } from './sample-result.js';
import { TestJob } from './test-job.js';

let job: TestJob;
beforeEach(() => {
  job = new TestJob();
});
afterEach(() => {
  job[Symbol.dispose]();
});

describe('secrets', () => {
  const secrets = {
    env: 'DB_PASSWORD=env-canary-1\nDB_NAME=shop',
    registries: 'ghcr.io bot reg-canary-2',
    'ssh-private-key': 'key-canary-3',
    'ssh-passphrase': 'pass-canary-4',
    'github-token': 'tok-canary-5',
  };
  const canary = /canary-\d/;

  test('are masked before the first line, and in no sink of ours', async () => {
    const leak = 'env-canary-1 reg-canary-2 key-canary-3 pass-canary-4 tok-canary-5 name-canary-6 file-canary-7';
    job.folder.write('.env.production', 'TOKEN=file-canary-7\n');
    const leaky = {
      ...ROLLED_BACK,
      host: leak,
      warnings: [leak],
      failure: { phase: 'health', message: leak, problems: [], lastLines: [leak], hostState: leak },
    };
    const { lines, outputs, summary, report } = await job.run(
      { environment: 'production', 'env-names': 'APP_KEY', reason: leak, ...secrets },
      async (_, { log }) => {
        log.info(leak);
        log.warning(leak);
        log.output(leak);
        return Promise.resolve(leaky);
      },
      { APP_KEY: 'name-canary-6' },
    );
    const first = lines.findIndex((line) => !line.startsWith('::add-mask::'));
    expect(lines.slice(0, first)).toEqual(
      expect.arrayContaining(
        ['env', 'reg', 'key', 'pass', 'tok', 'name', 'file'].map((kind, at) => `::add-mask::${kind}-canary-${at + 1}`),
      ),
    );
    expect(lines.slice(first).filter((line) => canary.test(line))).toEqual([]);
    expect(JSON.stringify(outputs)).not.toMatch(canary);
    expect(summary).not.toMatch(canary);
    expect(report).not.toMatch(canary);
  });

  test('also when the input is wrong', async () => {
    const { lines } = await job.run({ environment: 'nope', ...secrets, registries: 'ghcr.io reg-canary-2' });
    expect(lines).toContain('::add-mask::env-canary-1');
    expect(lines.filter((line) => !line.startsWith('::add-mask::') && canary.test(line))).toEqual([]);
  });

  test('also when the text that holds them cannot be read', async () => {
    const { lines } = await job.run({ environment: 'staging', env: "A='env-canary-1\nB=env-canary-2" });
    expect(lines).toEqual(expect.arrayContaining(["::add-mask::'env-canary-1", '::add-mask::env-canary-2']));
    expect(lines.filter((line) => !line.startsWith('::add-mask::') && canary.test(line))).toEqual([]);
  });

  test('what the config says openly is not taken for one', async () => {
    const { lines, outputs } = await job.run({
      environment: 'production',
      env: 'DOMAIN=shop.example\nURL=https://shop.example\nOTHER=sh0p-secret',
    });
    expect(lines.filter((line) => line.startsWith('::add-mask::'))).toEqual([
      '::add-mask::sh0p-secret',
      '::add-mask::from-the-file',
    ]);
    expect(outputs['url']).toBe('https://shop.example');
  });
});
