import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScriptHost } from '../../test/support/deploy.js';
import { ScriptHost } from '../../test/support/script-host.js';
import { serviceModel, stackModel } from '../../test/support/stack.js';
import type { BuildModel } from '../compose/model.js';
import type { BuildContext } from '../compose/shipment.js';
import { DockerConfig } from '../host/docker-config.js';
import type { RegistryLogin } from '../host/registry-login.js';
import { buildLogins, refusedOptional } from './build-logins.js';
import { withRegistryLogins } from './registry-config.js';

const token: RegistryLogin = { registry: 'ghcr.io', username: 'octo', password: 't', optional: true };
const given: RegistryLogin = { registry: 'registry.acme', username: 'a', password: 'b' };
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeport-logins-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function passwords(dockerfile: string, more: Partial<BuildModel> = {}): Promise<string[][]> {
  const file = join(folder, 'Dockerfile');
  writeFileSync(file, dockerfile);
  const build: BuildModel = {
    context: '/srv/shop',
    dockerfile: 'Dockerfile',
    dockerfileInline: undefined,
    target: undefined,
    args: {},
    additionalContexts: {},
    ...more,
  };
  const shipped = { path: 'web/Dockerfile', file, mode: 0o644, size: 1, sha256: '' };
  const contexts: BuildContext[] = [{ service: 'web', directory: 'web', additional: [], files: [shipped] }];
  const model = stackModel([serviceModel('web', { build })]);
  const found = await buildLogins([given, token], { due: ['web'], model, contexts });
  return found.map((logins) => logins.map(({ password }) => password));
}

test("the job's token is only for a build that names its registry, and not the last word there", async () => {
  expect(await passwords('FROM registry.acme/base\n')).toEqual([['b']]);
  expect(await passwords('FROM ghcr.io/acme/base\n')).toEqual([['b', 't'], ['b']]);
  expect(await passwords('ARG FROM\nFROM $FROM\n', { args: { FROM: 'ghcr.io/acme/base' } })).toHaveLength(2);
});

test('only a refusal by its registry is a reason to try without it', () => {
  const refusal = '#2 ERROR: failed to authorize: ghcr.io/token: 403 Forbidden';
  expect(refusedOptional([given, token], refusal)).toBe(true);
  expect(refusedOptional([given], refusal)).toBe(false);
  expect(refusedOptional([given, token], '#3 FROM ghcr.io/acme/base\n#4 permission denied')).toBe(false);
});

test("a build finds the user's own config, context and plugins, wherever they are, for as long as it runs", async () => {
  using scripts = new ScriptHost();
  const own = join(scripts.folder, 'own config');
  for (const part of ['contexts/meta', 'cli-plugins']) mkdirSync(join(own, part), { recursive: true });
  const open = openScriptHost(scripts);
  const dockerConfig = DockerConfig.parse('{"currentContext":"rootless"}', async () => Promise.resolve(undefined));
  const host = {
    ...open,
    facts: { ...open.facts, dockerConfig, sudo: false, hostEnvironment: { DOCKER_CONFIG: own } },
  };
  let seen = '';
  await withRegistryLogins(host, scripts.release, [given], async (config = '') => {
    await Promise.resolve();
    seen = config;
    expect(JSON.parse(readFileSync(`${config}/config.json`, 'utf8'))).toMatchObject({
      currentContext: 'rootless',
      auths: { 'registry.acme': {} },
    });
    expect(statSync(`${config}/config.json`).mode & 0o777).toBe(0o600);
    expect([existsSync(`${config}/contexts/meta`), existsSync(`${config}/cli-plugins`)]).toEqual([true, true]);
  });
  expect(existsSync(seen)).toBe(false);
  await host.close();
});
