import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { errorsIn, TestJob } from './test-job.js';

let job: TestJob;
beforeEach(() => {
  job = new TestJob();
});
afterEach(() => {
  job[Symbol.dispose]();
});

describe('bad input ends the step before the deploy is called', () => {
  test.each([
    ['an unknown input', { dry_run: 'true' }, /unknown input "dry_run"; did you mean "dry-run"\?/],
    ['an unknown environment', { environment: 'prod' }, /homeport.yml:5:1: unknown environment "prod"/],
    ['no environment', {}, /homeport.yml:5:1: there are several environments/],
    ['a host that is none', { environment: 'staging', host: '-oProxyCommand=x' }, /host must be user@host/],
    ['a project that is none', { environment: 'staging', project: 'Shop' }, /project must be a Compose project name/],
    ['a relative path', { environment: 'staging', path: 'srv' }, /path must be a folder of the project's own/],
    ['a host without a user', { environment: 'staging', host: '203.0.113.7' }, /it names no user/],
    ['env that is given but blank', { environment: 'staging', env: '\n' }, /env is given but blank: is its secret set/],
    ['a version of two words', { environment: 'staging', version: 'a b' }, /version must be one word/],
    ['several hosts', { environment: 'staging', host: 'a@b, c@d' }, /a deploy to several hosts is not there yet/],
    [
      'a name that is not in the environment',
      { environment: 'staging', 'env-names': 'NOPE' },
      /env-names: NOPE is not in/,
    ],
    ['operation: remove', { environment: 'staging', operation: 'remove' }, /operation: remove is not there yet/],
    ['source: current', { environment: 'staging', source: 'current' }, /source: current is not there yet/],
    ['images', { environment: 'staging', images: 'web=a@sha256:b' }, /the input images is not there yet/],
    ['services', { environment: 'staging', services: 'web' }, /the input services is not there yet/],
    ['restart', { environment: 'staging', restart: 'web' }, /the input restart is not there yet/],
    ['a task', { environment: 'staging', task: 'vacuum' }, /the input task is not there yet/],
    ['a backup', { environment: 'staging', backup: 'always' }, /backup: always is not there yet/],
    [
      'a restored backup',
      { environment: 'staging', 'restore-backup': 'release' },
      /restore-backup: release is not there yet/,
    ],
    [
      'volumes to remove',
      { environment: 'staging', 'remove-volumes': 'db' },
      /the input remove-volumes is not there yet/,
    ],
    ['a fresh build', { environment: 'staging', build: 'fresh' }, /build: fresh is not there yet/],
    [
      'another confirm-timeout',
      { environment: 'staging', 'confirm-timeout': '30s' },
      /confirm-timeout is not there yet/,
    ],
    ['a deployment', { environment: 'staging', deployment: 'create' }, /deployment: create is not there yet/],
  ])('%s', async (_, inputs: Record<string, string>, message) => {
    const { request, status, lines, outputs, summary } = await job.run(inputs);
    expect(request).toBeUndefined();
    expect(status).toBe(1);
    expect(errorsIn(lines).at(-1)).toMatch(message);
    expect(outputs).toMatchObject({ result: 'failed', 'failed-phase': 'input' });
    expect(summary).toMatch(/^### ❌ Nothing was changed/);
  });

  test('an environment that is given beside the host’s own', async () => {
    job.folder.write(
      'homeport.yml',
      'homeport: 1\nproject: shop\nenv-file: .env.production\nenv-source: host\nhost: local\n',
    );
    const { lines, request } = await job.run({ env: 'A=1', 'env-names': 'PATH' });
    expect(request).toBeUndefined();
    const said = decodeURIComponent(errorsIn(lines).at(-1) ?? '');
    expect(said).toContain('- homeport.yml:3:11: env-file is given, and with `env-source: host`');
    expect(said).toContain('- the input env is given');
    expect(said).toContain('- the input env-names is given');
  });

  test('all of it at once, from inputs, config and files', async () => {
    job.folder.write('homeport.yml', 'homeport: 1\nproject: shop\nenv-file: .env.gone\nsmoke: [{http: "https://x"}]\n');
    const { lines } = await job.run({ task: 'x', registries: 'ghcr.io bot' });
    expect(decodeURIComponent(errorsIn(lines).at(-1) ?? '').split('\n')).toEqual([
      '::error::5 problems:',
      '- registries, line 1: must be "registry username password"; the password is missing: is its secret empty?',
      '- the input task is not there yet (it comes with a later version)',
      '- homeport.yml:4:1: smoke is not there yet (it comes with a later version); remove it: nothing is claimed that was not checked',
      '- env-file: there is no file ".env.gone" in the checkout',
      '- no host: set "host" in an environment of homeport.yml, or as an input (user@host, or local)',
    ]);
  });
});
