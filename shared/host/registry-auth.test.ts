import { expect, jest, test } from '@jest/globals';
import { inspect } from 'node:util';
import { DockerConfig, type AskHelper } from './docker-config.js';
import { authHeaders, loginCandidates } from './registry-auth.js';

const none: AskHelper = async () => Promise.resolve(undefined);
const basic = (text: string): string => Buffer.from(text).toString('base64');

test("the user's own logins, under whatever name the registry has there", async () => {
  const config = DockerConfig.parse(
    JSON.stringify({
      auths: {
        'https://index.docker.io/v1/': { auth: basic('mona:pass:word') },
        'https://ghcr.io/v2/': { auth: basic('octo:token') },
        'quay.io': { identitytoken: 'refresh' },
        'empty.io': {},
      },
    }),
    none,
  );
  expect(await config.authFor('docker.io')).toEqual({
    serveraddress: 'https://index.docker.io/v1/',
    username: 'mona',
    password: 'pass:word',
  });
  expect(await config.authFor('ghcr.io')).toMatchObject({
    username: 'octo',
    password: 'token',
    serveraddress: 'ghcr.io',
  });
  expect(await config.authFor('quay.io')).toMatchObject({ identitytoken: 'refresh' });
  expect(await config.authFor('empty.io')).toBeUndefined();
});

test('a credential helper is asked only for its registry, and only when that is needed', async () => {
  const ask = jest.fn<AskHelper>(async (helper, server) =>
    Promise.resolve(helper === 'gh' && server === 'ghcr.io' ? '{"Username":"<token>","Secret":"s3"}' : undefined),
  );
  const config = DockerConfig.parse(
    JSON.stringify({ credsStore: 'pass', credHelpers: { 'ghcr.io': 'gh', 'x.io': '../../bin/sh' } }),
    ask,
  );
  expect(ask).not.toHaveBeenCalled();
  expect(await config.authFor('ghcr.io')).toEqual({ serveraddress: 'ghcr.io', identitytoken: 's3' });
  expect(await config.authFor('quay.io')).toBeUndefined();
  expect(await config.authFor('x.io')).toBeUndefined();
  expect(ask.mock.calls).toEqual([
    ['gh', 'ghcr.io'],
    ['pass', 'quay.io'],
  ]);
});

test("a build's config is the user's own with the given logins first, whatever store or helper would answer", () => {
  const own = {
    auths: { 'registry.acme': { auth: basic('host:own') }, 'ghcr.io': { auth: basic('host:old') } },
    credsStore: 'pass',
    credHelpers: { 'ghcr.io': 'gh', 'quay.io': 'quay' },
    currentContext: 'rootless',
    proxies: { default: { httpProxy: 'http://p' } },
  };
  const config = DockerConfig.parse(JSON.stringify(own), none);
  const logins = ['ghcr.io', 'docker.io'].map((registry) => ({ registry, username: 'octo', password: 'token' }));
  const expected = {
    ...own,
    auths: {
      ...own.auths,
      'ghcr.io': { auth: basic('octo:token') },
      'https://index.docker.io/v1/': { auth: basic('octo:token') },
    },
    credHelpers: { 'ghcr.io': '', 'quay.io': 'quay', 'https://index.docker.io/v1/': '' },
  };
  expect(JSON.parse(config.withLogins(logins, { context: true }))).toEqual(expected);
  expect(JSON.parse(config.withLogins(logins, { context: false }))).not.toHaveProperty('currentContext');
});

test('nothing of a config shows when it is printed, and one that is broken has no logins', async () => {
  const config = DockerConfig.parse(JSON.stringify({ auths: { 'ghcr.io': { auth: basic('a:s3cret') } } }), none);
  expect(`${JSON.stringify({ config })}${inspect({ config }, { depth: 9, showHidden: true })}`).not.toMatch(
    /s3cret|YTpz/,
  );
  expect(await DockerConfig.parse('{"auths": ', none).authFor('ghcr.io')).toBeUndefined();
});

test('a login that was given is the only one tried; an optional one comes first, then the host’s, then none', async () => {
  const config = DockerConfig.parse(JSON.stringify({ auths: { 'ghcr.io': { auth: basic('host:own') } } }), none);
  const given = { registry: 'ghcr.io', username: 'ci', password: 'given' };
  const token = { registry: 'ghcr.io', username: 'x', password: 'token', optional: true };
  const from = async (logins: (typeof given)[]): Promise<string[]> =>
    (await loginCandidates('ghcr.io', logins, config)).map((candidate) => candidate.from);
  expect(await from([token, given])).toEqual(['input']);
  expect(await from([token])).toEqual(['token', 'host', 'nobody']);
  expect(await from([{ ...given, registry: 'quay.io' }])).toEqual(['host', 'nobody']);
  expect(
    (await loginCandidates('docker.io', [{ ...given, registry: 'https://index.docker.io/v1/' }], config))[0]?.auth,
  ).toEqual({
    serveraddress: 'https://index.docker.io/v1/',
    username: 'ci',
    password: 'given',
  });
});

test('the header has the alphabet of URLs and is padded, whatever its length', () => {
  for (const password of ['a', 'ab', 'abc', '~~~???>>>ÿÿÿ']) {
    const header = authHeaders({ serveraddress: 'x', username: 'u', password })['X-Registry-Auth'] ?? '';
    expect(header).toMatch(/^[\w-]+=*$/);
    expect(header.length % 4).toBe(0);
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ password });
  }
});

test('without a login there is no header', () => {
  expect(authHeaders(undefined)).toEqual({});
});
