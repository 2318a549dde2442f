import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { TestFolder } from '../config/test-folder.js';
import { impossibleKey } from './empty-secret.js';
import { runFacts } from './run-facts.js';

const ssh = [{ kind: 'ssh' as const, user: 'a', hostname: 'b', port: undefined }];

describe('facts of the run', () => {
  test('run URL with its attempt, actor who started it again, commit', () => {
    const facts = runFacts({
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_REPOSITORY: 'acme/shop',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_ACTOR: 'first',
      GITHUB_TRIGGERING_ACTOR: 'second',
      GITHUB_SHA: 'abc',
      SSH_AUTH_SOCK: '/tmp/agent',
    });
    expect(facts).toMatchObject({
      runUrl: 'https://github.example/acme/shop/actions/runs/7/attempts/2',
      actor: 'second',
      commit: 'abc',
      hasAgent: true,
      withoutSecrets: undefined,
    });
  });

  test('outside of GitHub', () => {
    expect(runFacts({})).toMatchObject({ runUrl: '', commit: 'unknown', hasAgent: false, workspace: process.cwd() });
  });
});

describe('an empty key', () => {
  const withEvent = (headRepository: string, event = 'pull_request'): ReturnType<typeof runFacts> => {
    using folder = new TestFolder({
      'event.json': JSON.stringify({ pull_request: { head: { repo: { full_name: headRepository } } } }),
    });
    return runFacts({
      GITHUB_EVENT_NAME: event,
      GITHUB_EVENT_PATH: join(folder.path, 'event.json'),
      GITHUB_REPOSITORY: 'acme/shop',
    });
  };

  test('is certain for a pull request from a fork, and for Dependabot', () => {
    const facts = withEvent('stranger/shop');
    expect(impossibleKey({ hosts: ssh, privateKey: undefined, facts })).toMatch(
      /^ssh-private-key is empty: .*fork \(stranger\/shop\)/,
    );
    const bot = runFacts({ GITHUB_EVENT_NAME: 'pull_request', GITHUB_ACTOR: 'dependabot[bot]' });
    expect(impossibleKey({ hosts: ssh, privateKey: undefined, facts: bot })).toMatch(/Dependabot/);
  });

  test('may be meant otherwise, and with a key nothing is said', () => {
    const own = withEvent('acme/shop');
    expect(impossibleKey({ hosts: ssh, privateKey: undefined, facts: own })).toBeUndefined();
    expect(impossibleKey({ hosts: ssh, privateKey: 'k', facts: withEvent('stranger/shop') })).toBeUndefined();
    expect(
      impossibleKey({ hosts: [{ kind: 'local' }], privateKey: undefined, facts: withEvent('stranger/shop') }),
    ).toBeUndefined();
    expect(withEvent('stranger/shop', 'pull_request_target').withoutSecrets).toBeUndefined();
  });
});
