import { expect, jest, test } from '@jest/globals';
import { HostFailure, UserError } from '../base/errors.js';
import { DockerConfig } from './docker-config.js';
import type { Engine, ImageDetails } from './engine.js';
import { EngineFailure } from './engine-failure.js';
import { fetchImage, resolveImage } from './image-resolver.js';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const facts = { mirrors: [] as string[], dockerConfig: DockerConfig.empty, architecture: 'amd64', os: 'linux' };
const login = { registry: 'ghcr.io', username: 'ci', password: 'secret' };
const here = { digest: DIGEST, platforms: [{ os: 'linux', architecture: 'amd64' }] };
const refusal = (status: number, message: string): EngineFailure => new EngineFailure('box', status, message);

function engineWith(parts: Partial<Engine>): Engine {
  return { host: 'box', ...parts } as Engine;
}

function asking(answers: Record<string, unknown>): { engine: Engine; distribution: jest.Mock<Engine['distribution']> } {
  const distribution = jest.fn<Engine['distribution']>(async (reference) => {
    const answer = answers[reference] ?? refusal(500, 'dial tcp: lookup: no such host');
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer as typeof here);
  });
  return { engine: engineWith({ distribution }), distribution };
}

test('a reference becomes its digest, written out in full', async () => {
  const { engine } = asking({ 'docker.io/library/postgres:15': here });
  expect(await resolveImage(engine, facts, 'postgres:15', [])).toEqual({
    reference: 'postgres:15',
    repository: 'docker.io/library/postgres',
    digest: DIGEST,
    pinned: `docker.io/library/postgres@${DIGEST}`,
  });
});

test('a reference by digest is asked of nobody', async () => {
  const { engine, distribution } = asking({});
  expect((await resolveImage(engine, facts, `ghcr.io/acme/web:1@${DIGEST}`, [])).pinned).toBe(
    `ghcr.io/acme/web@${DIGEST}`,
  );
  expect(distribution).not.toHaveBeenCalled();
});

test('where a mirror does not know an image, Docker Hub itself is asked; other registries have no mirrors', async () => {
  const mirrored = { ...facts, mirrors: ['http://mirror:5000/'] };
  const absent = refusal(404, 'manifest unknown');
  const { engine, distribution } = asking({
    'docker.io/library/postgres:15': absent,
    'registry-1.docker.io/library/postgres:15': here,
    'docker.io/library/web:v9': absent,
    'ghcr.io/acme/web:latest': absent,
  });
  expect((await resolveImage(engine, mirrored, 'postgres:15', [])).pinned).toBe(`docker.io/library/postgres@${DIGEST}`);
  await expect(resolveImage(engine, mirrored, 'web:v9', [])).rejects.toThrow('image web:v9 was not found in docker.io');
  await expect(resolveImage(engine, mirrored, 'ghcr.io/acme/web', [])).rejects.toThrow(UserError);
  expect(distribution.mock.calls.map(([reference]) => reference)).toEqual([
    'docker.io/library/postgres:15',
    'registry-1.docker.io/library/postgres:15',
    'docker.io/library/web:v9',
    'registry-1.docker.io/library/web:v9',
    'ghcr.io/acme/web:latest',
  ]);
});

test('not found names the reference', async () => {
  const { engine } = asking({ 'ghcr.io/acme/web:v9': refusal(404, 'manifest unknown') });
  const failure = resolveImage(engine, facts, 'ghcr.io/acme/web:v9', []);
  await expect(failure).rejects.toBeInstanceOf(UserError);
  await expect(failure).rejects.toThrow('image ghcr.io/acme/web:v9 was not found in ghcr.io: manifest unknown');
});

test('unauthorized says which input helps, and never the password', async () => {
  const { engine } = asking({
    'ghcr.io/acme/web:1': refusal(403, 'denied: requested access to the resource is denied'),
  });
  const without = resolveImage(engine, facts, 'ghcr.io/acme/web:1', []);
  await expect(without).rejects.toThrow(
    /ghcr\.io without a login .*`ghcr\.io <username> <password>` to the input `registries`/,
  );
  const wrong = resolveImage(engine, facts, 'ghcr.io/acme/web:1', [login]);
  await expect(wrong).rejects.toThrow(/ghcr\.io refuses the login that `registries` gives/);
  await expect(wrong).rejects.not.toThrow(/secret/);
  const token = resolveImage(engine, facts, 'ghcr.io/acme/web:1', [{ ...login, optional: true }]);
  await expect(token).rejects.toThrow(/with `github-token`/);
});

test('an optional login that is refused is left silently', async () => {
  const distribution = jest.fn<Engine['distribution']>(async (_reference, auth) =>
    auth === undefined ? Promise.resolve(here) : Promise.reject(refusal(401, 'unauthorized')),
  );
  const resolved = await resolveImage(engineWith({ distribution }), facts, 'ghcr.io/acme/web:1', [
    { ...login, optional: true },
  ]);
  expect(resolved.digest).toBe(DIGEST);
});

test('a registry that does not answer is the host’s failure, not the user’s', async () => {
  const { engine } = asking({});
  await expect(resolveImage(engine, facts, 'ghcr.io/acme/web:1', [])).rejects.toBeInstanceOf(HostFailure);
});

test('an image for another machine is refused before it is pulled', async () => {
  const { engine } = asking({
    'ghcr.io/acme/web:1': { digest: DIGEST, platforms: [{ os: 'linux', architecture: 'arm64' }] },
  });
  const failure = resolveImage(engine, facts, 'ghcr.io/acme/web:1', []);
  await expect(failure).rejects.toThrow('image ghcr.io/acme/web:1 is built for linux/arm64, this host is linux/amd64');
});

const image = {
  reference: 'web:1',
  repository: 'ghcr.io/acme/web',
  digest: DIGEST,
  pinned: `ghcr.io/acme/web@${DIGEST}`,
};
const onHost = { id: 'sha256:1', architecture: 'amd64', os: 'linux' } as ImageDetails;

test('an image that is there is not pulled', async () => {
  const pull = jest.fn<Engine['pull']>();
  const engine = engineWith({ pull, inspectImage: async () => Promise.resolve(onHost) });
  expect(await fetchImage(engine, facts, image, [])).toBe('sha256:1');
  expect(pull).not.toHaveBeenCalled();
});

test('a pull is by digest; one that stumbles is tried once more, a refused or full one is not', async () => {
  const attempt = async (error: EngineFailure | undefined): Promise<{ pulls: string[]; result: unknown }> => {
    const pulls: string[] = [];
    const engine = engineWith({
      pull: async (pinned) => {
        pulls.push(pinned);
        return error !== undefined && (pulls.length === 1 || error.status !== 0)
          ? Promise.reject(error)
          : Promise.resolve();
      },
      inspectImage: async () => Promise.resolve(pulls.length === 0 ? undefined : onHost),
    });
    return { result: await fetchImage(engine, facts, image, []).catch((caught: unknown) => caught), pulls };
  };
  expect(await attempt(undefined)).toEqual({ pulls: [image.pinned], result: 'sha256:1' });
  expect(await attempt(refusal(0, 'unexpected EOF'))).toEqual({
    pulls: [image.pinned, image.pinned],
    result: 'sha256:1',
  });
  const denied = await attempt(refusal(401, 'unauthorized'));
  expect(denied.pulls).toHaveLength(1);
  expect(denied.result).toBeInstanceOf(UserError);
  const full = await attempt(refusal(0, 'write /x: no space left on device'));
  expect(full.pulls).toHaveLength(1);
  expect(full.result).toBeInstanceOf(HostFailure);
});

test('an image of another machine is an error after the fetch too', async () => {
  const arm = { ...onHost, architecture: 'arm64' };
  const engine = engineWith({ inspectImage: async () => Promise.resolve(arm) });
  await expect(fetchImage(engine, facts, image, [])).rejects.toThrow(/web:1 is built for linux\/arm64/);
});
