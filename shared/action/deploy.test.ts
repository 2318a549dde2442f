import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostFailure, UserError } from '../base/errors.js';
import { obeyed } from './captured.js';
import { DEPLOYED, ROLLED_BACK } from './sample-result.js';
import { errorsIn, fails, finds, TestJob } from './test-job.js';

const FAILURE = {
  phase: 'health',
  message: 'web is unhealthy\nafter 20 s',
  hostState: 'release 20261121T100000Z-aaaaaaa serves again',
};

let job: TestJob;
beforeEach(() => {
  job = new TestJob();
});
afterEach(() => {
  job[Symbol.dispose]();
});

describe('a deploy that goes well', () => {
  test('the request is inputs over environment over config over defaults', async () => {
    const { request, status } = await job.run(
      {
        environment: 'production',
        project: '',
        scale: 'worker=3',
        env: 'DB_PASSWORD="s3cret $x"\nLOG_LEVEL=DEBUG',
        'env-names': 'APP_*',
        'github-token': 'ghs_token',
      },
      undefined,
      { APP_MODE: 'blue' },
    );
    expect(status).toBe(0);
    expect(request).toMatchObject({
      operation: 'deploy',
      environment: 'production',
      project: 'shop',
      path: '~/homeport/shop',
      root: job.folder.path,
      composeFiles: [],
      scale: { web: 2, worker: 3 },
      envFile: '.env.production',
      env: { LOG_LEVEL: 'DEBUG', GREETING: 'from-the-file', APP_MODE: 'blue', DB_PASSWORD: 's3cret $x' },
      hosts: [{ kind: 'ssh', user: 'deploy', hostname: '203.0.113.7', port: undefined }],
      connection: { knownHosts: 'SHA256:abc', connectTimeout: 60_000 },
      registries: [{ registry: 'ghcr.io', username: 'octocat', password: 'ghs_token', optional: true }],
      version: '3f2a1c9d',
      commit: '3f2a1c9d',
      actor: 'octocat',
      runUrl: 'https://github.com/acme/shop/actions/runs/7',
      health: { timeout: 120_000, stable: 1_000 },
      lockTimeout: 600_000,
      rollback: 'auto',
      prune: 'own',
      keepReleases: 5,
      url: 'https://shop.example',
    });
  });

  test('an input beats the environment; dry-run is a plan', async () => {
    const inputs = {
      environment: 'staging',
      host: 'root@b:2222',
      path: '/srv/other',
      version: 'v2',
      'dry-run': 'true',
      'compose-files': 'a.yml,b.yml',
    };
    const { request } = await job.run(inputs, finds({ ...DEPLOYED, verdict: 'planned' }));
    expect(request).toMatchObject({
      operation: 'plan',
      path: '/srv/other',
      version: 'v2',
      composeFiles: ['a.yml', 'b.yml'],
    });
    expect(request?.hosts).toEqual([{ kind: 'ssh', user: 'root', hostname: 'b', port: 2222 }]);
  });

  test('outputs, report and summary tell it; the step is green', async () => {
    const { outputs, report, summary, status, lines } = await job.run({ environment: 'production' });
    expect(status).toBe(0);
    expect(errorsIn(lines)).toEqual([]);
    expect(outputs).toMatchObject({
      result: 'deployed',
      release: '20261122T021103Z-3f2a1c9',
      'previous-release': '20261121T100000Z-aaaaaaa',
      'serving-release': '20261122T021103Z-3f2a1c9',
      changed: 'web,nginx,mailer',
      'downtime-ms': '1240',
      'duration-ms': '12340',
      'failed-phase': '',
      url: 'https://shop.example',
    });
    expect(JSON.parse(outputs['plan'] ?? '')).toEqual(JSON.parse(JSON.stringify(DEPLOYED.plan)));
    expect(JSON.parse(outputs['images'] ?? '')).toEqual(DEPLOYED.images);
    expect(JSON.parse(report)).toMatchObject({
      homeport: 1,
      run: { environment: 'production', version: '3f2a1c9d' },
      result: { verdict: 'deployed', sessions: 9 },
    });
    expect(summary).toMatch(/^### ✅ shop on deploy&#64;203.0.113.7/);
  });

  test('a small project needs no config', async () => {
    job[Symbol.dispose]();
    job = new TestJob({});
    const { request, status } = await job.run({ project: 'small', host: 'local' });
    expect(status).toBe(0);
    expect(request).toMatchObject({ project: 'small', path: '~/homeport/small', root: job.folder.path, env: {} });
  });
});

describe('action.yml', () => {
  test('has exactly the outputs that are written', async () => {
    const text = readFileSync(join(import.meta.dirname, '../../../action-deploy/action.yml'), 'utf8');
    const section = text.slice(text.indexOf('\noutputs:'), text.indexOf('\nruns:'));
    const described = [...section.matchAll(/^ {2}([a-z-]+):$/gm)].map(([, name]) => name);
    const { outputs } = await job.run({ environment: 'production' });
    expect(Object.keys(outputs)).toEqual(described);
  });
});

describe('a deploy that fails', () => {
  test('is red, cause first, then the host; what the container printed is shown and not obeyed', async () => {
    const { status, lines, outputs, summary } = await job.run(
      { environment: 'production' },
      finds({ ...ROLLED_BACK, failure: { ...FAILURE, problems: [], lastLines: ['::error::x', 'boom'] } }),
    );
    expect(status).toBe(1);
    expect(errorsIn(obeyed(lines))).toEqual([
      '::error::health: web is unhealthy%0Aafter 20 s%0Arelease 20261121T100000Z-aaaaaaa serves again',
    ]);
    expect(lines).toContain('boom');
    expect(outputs).toMatchObject({
      result: 'rolled-back',
      'failed-phase': 'health',
      'serving-release': '20261121T100000Z-aaaaaaa',
    });
    expect(summary).toContain('**Cause** (health)');
  });

  test('for what is wrong in a file: it is shown at its line', async () => {
    const problems = [{ message: 'nginx waits until web is healthy', file: 'compose.yaml', line: 9, column: 3 }];
    const { lines } = await job.run(
      { environment: 'production' },
      finds({ ...ROLLED_BACK, failure: { ...FAILURE, lastLines: [], problems } }),
    );
    expect(errorsIn(lines)).toEqual([
      expect.stringMatching(/^::error title=Homeport,file=compose\.yaml,line=9,col=3::nginx waits/),
      expect.stringMatching(/^::error::health: /),
    ]);
  });

  test('a host that cannot be reached: its message without a stack, nothing claimed', async () => {
    const { status, lines, outputs, summary } = await job.run({ environment: 'production' }, async (_, { log }) =>
      log.phase('connect', async () =>
        Promise.reject(new HostFailure('deploy@h', 'deploy@h cannot be reached', ['ssh: no route'])),
      ),
    );
    expect(status).toBe(1);
    expect(errorsIn(obeyed(lines))).toEqual(['::error::deploy@h cannot be reached']);
    expect(lines).toContain('ssh: no route');
    expect(lines.join('\n')).not.toMatch(/^\s+at /m);
    expect(outputs).toMatchObject({ result: 'failed', 'failed-phase': 'connect' });
    expect(summary).toContain('deploy&#64;h cannot be reached');
  });

  test('a problem in a file is annotated at its line', async () => {
    const { lines, outputs } = await job.run(
      { environment: 'production' },
      fails(new UserError({ file: 'docker-compose.yml', line: 3, column: 5, message: 'DB_URL is required' })),
    );
    expect(errorsIn(lines)).toEqual([
      '::error title=Homeport,file=docker-compose.yml,line=3,col=5::DB_URL is required',
      '::error::docker-compose.yml:3:5: DB_URL is required',
    ]);
    expect(outputs).toMatchObject({ result: 'failed', 'failed-phase': 'input' });
  });

  test('never more than ten annotations, and the last one has them all', async () => {
    const many = Array.from({ length: 30 }, (_, at) => ({ file: 'a.yml', line: at + 1, message: `wrong ${at}` }));
    const { lines } = await job.run({ environment: 'production' }, fails(new UserError(many)));
    expect(errorsIn(lines)).toHaveLength(10);
    expect(errorsIn(lines).at(-1)).toMatch(/^::error::30 problems:%0A- a.yml:1: wrong 0%0A.*a.yml:30: wrong 29$/);
  });

  test('a defect of ours shows its stack', async () => {
    const { lines } = await job.run({ environment: 'production' }, fails(new TypeError('x is undefined')));
    expect(errorsIn(lines)[0]).toMatch(
      /^::error::Homeport has a defect, please report it: x is undefined%0ATypeError: x is undefined%0A\s+at /,
    );
  });
});

describe('cancellation', () => {
  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s aborts, and a release that was confirmed already is said to serve',
    async (name) => {
      const { status, lines, outputs } = await job.run({ environment: 'production' }, async (_, { signal }) => {
        process.emit(name);
        expect(signal.aborted).toBe(true);
        return Promise.resolve(DEPLOYED);
      });
      expect(status).toBe(1);
      expect(errorsIn(lines)).toEqual([
        '::error::the job was cancelled when release 20261122T021103Z-3f2a1c9 was confirmed already: it serves',
      ]);
      expect(outputs['result']).toBe('deployed');
      expect(process.listenerCount(name)).toBe(0);
    },
  );
});

test('a report that cannot be written does not turn a deploy red', async () => {
  const file = job.folder.write('a-file', '');
  const { status, lines, outputs } = await job.run({ environment: 'production' }, undefined, { RUNNER_TEMP: file });
  expect(status).toBe(0);
  expect(outputs).toMatchObject({ result: 'deployed' });
  expect(lines.some((line) => line.startsWith('::warning::the report could not be written'))).toBe(true);
});
