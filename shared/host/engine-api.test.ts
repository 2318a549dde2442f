import { expect, test } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { EngineApi, olderVersion } from './engine-api.js';
import { FakeEngine, json, type Handler } from './fake-engine.js';

async function api(handler: Handler): Promise<{ engine: EngineApi; fake: FakeEngine }> {
  const fake = new FakeEngine(handler);
  return { engine: await EngineApi.negotiate(fake.connection()), fake };
}

const asked = (fake: FakeEngine): string[] => fake.asked.slice(1).map((line) => decodeURIComponent(line));

test('the version is the older one of both sides, compared as numbers', async () => {
  const { engine, fake } = await api((_request, answer) => {
    json(answer, []);
  });
  expect(engine.apiVersion).toBe('1.41');
  await engine.containers();
  expect(fake.asked[1]).toMatch(/^GET \/v1\.41\//);
  expect(olderVersion('1.9', '1.51')).toBe('1.9');
  expect(olderVersion('1.52', '1.51')).toBe('1.51');
  expect(olderVersion('2.0', '1.51')).toBe('1.51');
  await engine.close();
});

test('containers of one project are asked for by its label, stopped ones too', async () => {
  const { engine, fake } = await api((_request, answer) => {
    json(answer, [
      {
        Id: 'c1',
        Names: ['/shop-web-1'],
        Image: 'acme/web:1',
        Labels: { 'com.docker.compose.service': 'web' },
        ImageID: 'sha256:1',
        State: 'exited',
        Ports: [
          { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
          { PrivatePort: 443, Type: 'tcp' },
        ],
      },
      'nonsense',
    ]);
  });
  const [container] = await engine.containers({ project: 'shop' });
  expect(asked(fake)[0]).toBe(
    'GET /v1.41/containers/json?all=true&filters={"label":["com.docker.compose.project=shop"]}',
  );
  expect(container).toEqual({
    id: 'c1',
    name: 'shop-web-1',
    image: 'acme/web:1',
    labels: { 'com.docker.compose.service': 'web' },
    imageId: 'sha256:1',
    status: 'exited',
    ports: [{ address: '', port: 8080, containerPort: 80, protocol: 'tcp' }],
  });
  await engine.close();
});

test('a container tells its state; one that never started has no start, one that is gone is undefined', async () => {
  const state = {
    Status: 'running',
    ExitCode: 0,
    StartedAt: '2026-11-22T02:11:03.5Z',
    Health: { Status: 'unhealthy' },
  };
  const { engine } = await api((request, answer) => {
    if (request.url?.includes('gone') === true) json(answer, { message: 'No such container: gone' }, 404);
    else if (request.url?.includes('new') === true)
      json(answer, { Id: 'new', State: { Status: 'created', StartedAt: '0001-01-01T00:00:00Z' } });
    else
      json(answer, {
        Id: 'c',
        Name: '/a',
        Image: 'sha256:2',
        RestartCount: 3,
        State: state,
        Config: { Env: ['A=1'], Labels: null },
      });
  });
  expect(await engine.inspectContainer('c')).toMatchObject({
    name: 'a',
    imageId: 'sha256:2',
    status: 'running',
    health: 'unhealthy',
    restartCount: 3,
    startedAt: Date.UTC(2026, 10, 22, 2, 11, 3, 500),
    env: ['A=1'],
    labels: {},
  });
  expect(await engine.inspectContainer('new')).toMatchObject({
    status: 'created',
    health: 'none',
    startedAt: undefined,
  });
  expect(await engine.inspectContainer('gone')).toBeUndefined();
  await engine.close();
});

function frame(stream: number, content: string): Buffer {
  const head = Buffer.alloc(8);
  head[0] = stream;
  head.writeUInt32BE(Buffer.byteLength(content), 4);
  return Buffer.concat([head, Buffer.from(content)]);
}

test("logs: both streams in order, a terminal's as it is, no empty last line", async () => {
  const { engine } = await api((request, answer) => {
    if (request.url?.includes('tty') === true) answer.end('from a terminal\r\nend\r\n');
    else answer.end(Buffer.concat([frame(1, 'one\n'), frame(2, 'two: grüße\n'), frame(1, 'three\n')]));
  });
  expect(await engine.logs('c', 30)).toEqual(['one', 'two: grüße', 'three']);
  expect(await engine.logs('tty', 30)).toEqual(['from a terminal', 'end']);
  await engine.close();
});

function pulling(lines: readonly unknown[]): Handler {
  return (request, answer) => {
    request.resume();
    for (const line of lines) answer.write(`${JSON.stringify(line)}\r\n`);
    answer.end();
  };
}

test('a pull asks by digest with the login in a header, and tells only what is worth a line', async () => {
  let header: string | string[] | undefined;
  const { engine, fake } = await api((request, answer) => {
    header = request.headers['x-registry-auth'];
    pulling([
      { status: 'Pulling from acme/web', id: 'x' },
      { status: 'Downloading', progress: '[==>]', id: 'x' },
      { status: 'Pull complete', id: 'x' },
      { status: 'Status: Downloaded newer image for acme/web@sha256:1' },
    ])(request, answer);
  });
  const lines: string[] = [];
  const auth = { serveraddress: 'ghcr.io', username: 'ö', password: 'a?>b' };
  await engine.pull('ghcr.io/acme/web@sha256:1', auth, { onProgress: (line) => lines.push(line) });
  expect(asked(fake)).toEqual(['POST /v1.41/images/create?fromImage=ghcr.io/acme/web&tag=sha256:1']);
  expect(JSON.parse(Buffer.from(String(header), 'base64url').toString())).toEqual(auth);
  expect(lines).toEqual([
    'x: Pulling from acme/web',
    'x: Pull complete',
    'Status: Downloaded newer image for acme/web@sha256:1',
  ]);
  await engine.close();
});

test('an error inside a pull that said 200 is a failure, and so is a pull that was cut off', async () => {
  const failed = await api(
    pulling([{ status: 'Pulling' }, { error: 'x', errorDetail: { message: 'no space left on device' } }]),
  );
  await expect(failed.engine.pull('a@sha256:1', undefined)).rejects.toMatchObject({
    message: 'no space left on device',
    status: 0,
  });
  await failed.engine.close();
  const cut = await api(pulling([{ status: 'Downloading', id: 'x' }]));
  await expect(cut.engine.pull('a@sha256:1', undefined)).rejects.toThrow('before it was complete');
  await cut.engine.close();
});

test('at most two pulls run at once, so that questions still find a session', async () => {
  const open: ServerResponse[] = [];
  const { engine } = await api((request, answer) => {
    if (request.url?.includes('/images/create') === true) open.push(answer);
    else json(answer, {});
  });
  const finish = (): void => {
    for (const answer of open.splice(0)) answer.end('{"status":"Status: done"}\n');
  };
  const pulls = ['a', 'b', 'c', 'd'].map(async (name) => engine.pull(`${name}@sha256:1`, undefined));
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(open).toHaveLength(2);
  await engine.info();
  finish();
  while (open.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  finish();
  await Promise.all(pulls);
  await engine.close();
});

test('untag takes the digests of a pull with the last name, leaves others, and yields to a container', async () => {
  // As the containerd store has them: a tag removed also takes the digest that was made up for it.
  const names = new Map([
    ['i', ['homeport/shop/web:1', 'ghcr.io/acme/web@sha256:1']],
    ['j', ['homeport/shop/db:1', 'postgres:15', 'postgres@sha256:2']],
    ['k', ['homeport/shop/used:1', 'ghcr.io/acme/used@sha256:3']],
    ['l', ['homeport/shop/busy:1']],
  ]);
  const { engine, fake } = await api((request, answer) => {
    const path = decodeURIComponent(request.url ?? '').replace('/v1.41', '');
    const name = path.replace(/^\/images\//, '').replace(/\/json$/, '');
    const found = [...names].find(([id, known]) => id === name || known.includes(name));
    if (path.startsWith('/containers')) json(answer, [{ Id: 'c', ImageID: 'k' }]);
    else if (found === undefined) json(answer, { message: 'No such image' }, 404);
    else if (name.includes('busy') && request.method === 'DELETE') json(answer, { message: 'conflict' }, 409);
    else if (request.method === 'DELETE') {
      names.set(
        found[0],
        found[1].filter((known) => known !== name),
      );
      json(answer, []);
    } else
      json(answer, { Id: found[0], RepoTags: found[1], RepoDigests: found[1].filter((known) => known.includes('@')) });
  });
  expect(await engine.untag('homeport/shop/web:1')).toBe(true);
  expect(await engine.untag('homeport/shop/db:1')).toBe(true);
  expect(await engine.untag('homeport/shop/used:1')).toBe(false);
  expect(await engine.untag('homeport/shop/busy:1')).toBe(false);
  expect(await engine.untag('homeport/shop/none:1')).toBe(true);
  expect(asked(fake).filter((line) => line.startsWith('DELETE'))).toEqual([
    'DELETE /v1.41/images/homeport/shop/web:1',
    'DELETE /v1.41/images/ghcr.io/acme/web@sha256:1',
    'DELETE /v1.41/images/homeport/shop/db:1',
    'DELETE /v1.41/images/homeport/shop/busy:1',
  ]);
  await engine.close();
});

test('tags are those of the pattern only: an image has other names too', async () => {
  const { engine } = await api((_request, answer) => {
    json(answer, [{ RepoTags: ['homeport/shop/web:1', 'acme/web:v1', 'homeport/shop/a/b:1'] }, { RepoTags: null }]);
  });
  expect(await engine.imageTags('homeport/shop/*')).toEqual(['homeport/shop/web:1']);
  await engine.close();
});

test('a tag is split off behind the last slash: a registry has a port', async () => {
  const { engine, fake } = await api((_request, answer) => answer.writeHead(201).end());
  await engine.tagImage('sha256:1', 'registry:5000/acme/web');
  expect(asked(fake)).toEqual(['POST /v1.41/images/sha256:1/tag?repo=registry:5000/acme/web&tag=latest']);
  await engine.close();
});

test('events: open before the promise resolves, the engine’s time, an end when asked while waiting', async () => {
  let stream: ServerResponse | undefined;
  const { engine, fake } = await api((_request, answer) => {
    stream = answer;
    answer.writeHead(200).flushHeaders();
  });
  const events = (await engine.events({ project: 'shop' }))[Symbol.asyncIterator]();
  expect(asked(fake)[0]).toContain('"label":["com.docker.compose.project=shop"]');
  const event = (action: string, attributes: object): string =>
    JSON.stringify({
      Action: action,
      Actor: { ID: 'c', Attributes: attributes },
      time: 1,
      timeNano: 1764000000123456789,
    });
  const both =
    event('die', { 'com.docker.compose.service': 'web', exitCode: '137' }) +
    '\n' +
    event('health_status: healthy', {}) +
    '\n';
  // In pieces that are no lines.
  stream?.write(both.slice(0, 40));
  stream?.write(both.slice(40));
  expect((await events.next()).value).toEqual({
    time: expect.closeTo(1764000000123.4568, 3) as unknown,
    service: 'web',
    container: 'c',
    action: 'die',
    exitCode: 137,
  });
  expect((await events.next()).value).toMatchObject({ action: 'health_status: healthy' });
  const waiting = events.next();
  await events.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(await events.next()).toEqual({ done: true, value: undefined });
  await engine.close();
});

test('events that break off are a failure: nobody would know that something was missed', async () => {
  const { engine, fake } = await api((_request, answer) => {
    answer.writeHead(200).flushHeaders();
  });
  const events = (await engine.events({ project: 'shop' }))[Symbol.asyncIterator]();
  const waiting = events.next();
  fake.sessions.at(-1)?.destroy();
  await expect(waiting).rejects.toThrow(/events of box were lost/);
  await engine.close();
});

test('info tells the store: a snapshotter is the containerd store', async () => {
  const { engine } = await api((_request, answer) => {
    json(answer, {
      ServerVersion: '28.5.1',
      DriverStatus: [['driver-type', 'io.containerd.snapshotter.v1']],
      Architecture: 'aarch64',
      OSType: 'linux',
      SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'],
      DockerRootDir: '/var/lib/docker',
      RegistryConfig: { Mirrors: ['http://m:5000/'] },
    });
  });
  expect(await engine.info()).toEqual({
    dockerVersion: '28.5.1',
    imageStore: 'containerd',
    architecture: 'arm64',
    os: 'linux',
    rootless: true,
    dockerRoot: '/var/lib/docker',
    mirrors: ['http://m:5000/'],
  });
  await engine.close();
});
