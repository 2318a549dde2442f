import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { HostFailure, UserError } from '../../shared/base/errors.js';
import type { EngineEvent } from '../../shared/host/engine.js';
import { fetchImage, resolveImage } from '../../shared/host/image-resolver.js';
import { startHost, type TestHost } from '../hosts/host.js';
import { sharedRegistry, startPrivateRegistry, webImage, type OwnRegistry } from '../hosts/registry.js';
import { openedHost, type OpenedHost } from './host-shell.js';

jest.setTimeout(120_000);

const LOGIN = { user: 'ci', password: `p'a$s:"w\\ord` };
let locked: OwnRegistry;

beforeAll(async () => {
  locked = await startPrivateRegistry(LOGIN);
  await locked.push('web-v1', 'acme/closed:v1');
});
afterAll(async () => {
  await locked.dispose();
});

describe.each(['bookworm', 'sid'] as const)('%s', (generation) => {
  let host: TestHost;
  let open: OpenedHost;
  const repository = `host-engine/${generation}`;

  beforeAll(async () => {
    host = await startHost(generation);
    open = await openedHost(host);
  });
  afterAll(async () => {
    await open.engine.close();
    await open.shell.close();
    await host.remove();
  });

  test('one session carries many requests', async () => {
    const { engine, shell } = open;
    const before = shell.sessions;
    const began = performance.now();
    const rounds = 20;
    for (let round = 0; round < rounds; round += 1) await engine.containers();
    console.log(
      `${generation}: ${((performance.now() - began) / rounds).toFixed(1)} ms a request, API ${engine.apiVersion}`,
    );
    expect(shell.sessions - before).toBe(0);
    expect((await engine.info()).imageStore).toBe(open.facts.imageStore);
  });

  test('an official name is resolved through the mirror, pulled by digest, and no tag is there afterwards', async () => {
    const { engine, facts } = open;
    const began = performance.now();
    const resolved = await resolveImage(engine, facts, 'redis:7', []);
    console.log(`${generation}: resolved in ${Math.round(performance.now() - began)} ms`);
    expect(resolved.digest).toBe(await sharedRegistry().digest('library/redis:7'));
    expect(resolved.pinned).toBe(`docker.io/library/redis@${resolved.digest}`);
    const lines: string[] = [];
    const id = await fetchImage(engine, facts, resolved, [], (line) => lines.push(line));
    expect(lines.length).toBeGreaterThan(0);
    expect(await engine.inspectImage('redis:7')).toBeUndefined();
    expect(await host.sh('docker images --format "{{.Tag}}" redis')).toBe('<none>');
    for (const name of [resolved.pinned, id, `redis@${resolved.digest}`]) {
      expect(await engine.inspectImage(name)).toMatchObject({ id, os: 'linux', architecture: 'amd64' });
    }
    lines.length = 0;
    expect(await fetchImage(engine, facts, resolved, [], (line) => lines.push(line))).toBe(id);
    expect(lines).toEqual([]);
  });

  test('a moved tag means another digest at once, while the name on the host stays where it was', async () => {
    const { engine, facts } = open;
    const registry = sharedRegistry();
    const name = `${host.registry}/${repository}:latest`;
    await registry.push('web-v1', `${repository}:latest`);
    await host.sh(`docker pull -q ${name}`);
    const before = await engine.inspectImage(name);
    const digest = await registry.push('web-v2', `${repository}:latest`);
    const resolved = await resolveImage(engine, facts, name, []);
    expect(resolved.digest).toBe(digest);
    const id = await fetchImage(engine, facts, resolved, []);
    expect(id).not.toBe(before?.id);
    expect((await engine.inspectImage(name))?.id).toBe(before?.id);
    await engine.tagImage(id, name);
    expect((await engine.inspectImage(name))?.id).toBe(id);
    expect(await host.sh(`docker run --rm ${name} cat /etc/version`)).toBe('v2');
  });

  test('our tags are found by project and untagged, and with the last one the image goes', async () => {
    const { engine, facts } = open;
    const image = await webImage(`untag-${generation}`);
    const name = `${host.registry}/${repository}-untag:v1`;
    await sharedRegistry().push(image, `${repository}-untag:v1`);
    const resolved = await resolveImage(engine, facts, name, []);
    const id = await fetchImage(engine, facts, resolved, []);
    await engine.tagImage(id, 'homeport/shop/web:r1');
    await engine.tagImage(id, 'homeport/shop/web:r2');
    await engine.tagImage(id, 'homeport/shopping/web:r1');
    expect((await engine.imageTags('homeport/shop/*')).sort()).toEqual([
      'homeport/shop/web:r1',
      'homeport/shop/web:r2',
    ]);
    await host.sh(`docker create --name holds homeport/shop/web:r1 true`);
    for (const tag of ['homeport/shopping/web:r1', 'homeport/shop/web:r2']) expect(await engine.untag(tag)).toBe(true);
    expect((await engine.inspectImage(id))?.id).toBe(id);
    expect(await engine.untag('homeport/shop/web:r1')).toBe(false);
    expect(await engine.inspectImage(id)).toBeDefined();
    await engine.removeContainer('holds');
    await engine.untag('homeport/shop/web:r1');
    await engine.untag(resolved.pinned);
    expect(await engine.inspectImage(id)).toBeUndefined();
    expect(await engine.inspectImage(resolved.pinned)).toBeUndefined();
    expect(await engine.untag('homeport/shop/web:r1')).toBe(true);
  });

  test('an image that does not exist is named', async () => {
    const { engine, facts } = open;
    const missing = resolveImage(engine, facts, `${host.registry}/${repository}:none`, []);
    await expect(missing).rejects.toBeInstanceOf(UserError);
    await expect(missing).rejects.toThrow(new RegExp(`image ${host.registry}/${repository}:none was not found in`));
    const official = resolveImage(engine, facts, 'postgres:none', []);
    await expect(official).rejects.toThrow(/image postgres:none was not found in docker\.io/);
    const digest = `sha256:${'0'.repeat(64)}`;
    const gone = await resolveImage(engine, facts, `${host.registry}/${repository}@${digest}`, []);
    await expect(fetchImage(engine, facts, gone, [])).rejects.toThrow(
      new RegExp(`${repository}@${digest} was not found`),
    );
  });

  test('a registry that cannot be reached is not the user’s fault', async () => {
    const { engine, facts } = open;
    await host.cutRegistries();
    try {
      const unreachable = resolveImage(engine, facts, `${host.registry}/${repository}:latest`, []);
      await expect(unreachable).rejects.toBeInstanceOf(HostFailure);
      await expect(unreachable).rejects.toThrow(/could not be had/);
    } finally {
      await host.restoreRegistries();
    }
  });

  test('a closed registry: the right login, a wrong one, none, an optional one, the host’s own', async () => {
    const { engine, facts, shell } = open;
    const reference = `${locked.name}/acme/closed:v1`;
    const right = { registry: locked.name, username: LOGIN.user, password: LOGIN.password };
    const wrong = { ...right, password: 'not-it-at-all' };

    const none = resolveImage(engine, facts, reference, []);
    await expect(none).rejects.toBeInstanceOf(UserError);
    await expect(none).rejects.toThrow(/without a login.*to the input `registries`/);
    const refused = resolveImage(engine, facts, reference, [wrong]);
    await expect(refused).rejects.toThrow(/refuses the login that `registries` gives/);
    await expect(refused).rejects.not.toThrow(/not-it-at-all/);
    await expect(resolveImage(engine, facts, reference, [{ ...wrong, optional: true }])).rejects.toThrow(
      /with `github-token`/,
    );

    const resolved = await resolveImage(engine, facts, reference, [right]);
    expect(resolved.digest).toBe(await locked.digest('acme/closed:v1'));
    await expect(fetchImage(engine, facts, resolved, [wrong])).rejects.toThrow(/refuses the login/);
    await expect(fetchImage(engine, facts, resolved, [])).rejects.toThrow(/without a login/);
    const id = await fetchImage(engine, facts, resolved, [right]);
    expect((await engine.inspectImage(resolved.pinned))?.id).toBe(id);
    expect(await host.sh('ls ~/.docker/config.json 2>/dev/null || echo none')).toBe('none');

    const auth = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64');
    await host.sh(`mkdir -p ~/.docker && cat >~/.docker/config.json`, {
      input: JSON.stringify({ auths: { [locked.name]: { auth } } }),
    });
    const own = await openedHost(host);
    expect((await resolveImage(own.engine, own.facts, reference, [{ ...wrong, optional: true }])).digest).toBe(
      resolved.digest,
    );
    await host.sh('rm ~/.docker/config.json');
    await host.sh(`mkdir -p ~/.docker && cat >~/.docker/config.json`, {
      input: JSON.stringify({ credHelpers: { [locked.name]: 'test' } }),
    });
    await host.sh('cat >/usr/local/bin/docker-credential-test && chmod 755 /usr/local/bin/docker-credential-test', {
      user: 'root',
      input: `#!/bin/sh\nread -r server\n[ "$1 $server" = "get ${locked.name}" ] || exit 1\ncat <<'END'\n${JSON.stringify({ ServerURL: locked.name, Username: LOGIN.user, Secret: LOGIN.password })}\nEND\n`,
    });
    const helped = await openedHost(host);
    expect((await resolveImage(helped.engine, helped.facts, reference, [])).digest).toBe(resolved.digest);
    await host.sh('rm ~/.docker/config.json');
    for (const one of [own, helped]) {
      await one.engine.close();
      await one.shell.close();
    }
    expect(shell.name).toBeDefined();
  });

  test('several pulls at once, on few sessions', async () => {
    const { engine, facts, shell } = open;
    const before = shell.sessions;
    const names = ['postgres:15', 'nginx:1', 'mariadb:10', 'acme/web:v3'];
    const began = performance.now();
    const ids = await Promise.all(
      names.map(async (name) => fetchImage(engine, facts, await resolveImage(engine, facts, name, []), [])),
    );
    console.log(
      `${generation}: four pulls in ${Math.round(performance.now() - began)} ms, ${shell.sessions - before} more sessions`,
    );
    expect(new Set(ids).size).toBe(4);
    expect(shell.sessions - before).toBeLessThanOrEqual(2);
  });

  test('a pull that is cancelled ends, and the engine still answers', async () => {
    const { engine, facts } = open;
    const image = await webImage(`cancelled-${generation}`, ['RUN dd if=/dev/urandom of=/big bs=1M count=40']);
    await sharedRegistry().push(image, `${repository}-big:v1`);
    const resolved = await resolveImage(engine, facts, `${host.registry}/${repository}-big:v1`, []);
    const stop = new AbortController();
    const pull = fetchImage(
      engine,
      facts,
      resolved,
      [],
      () => {
        stop.abort();
      },
      stop.signal,
    );
    await expect(pull).rejects.toThrow(/abort/i);
    expect((await engine.info()).dockerVersion).toBe(facts.dockerVersion);
  });

  test('containers, their state and last words, and what happened to them', async () => {
    const { engine, shell } = open;
    const events: EngineEvent[] = [];
    const stream = (await engine.events({ project: 'watched' }))[Symbol.asyncIterator]();
    const reading = (async () => {
      for (let next = await stream.next(); next.done !== true; next = await stream.next()) events.push(next.value);
    })();
    const stack = {
      services: {
        web: {
          image: 'acme/web:v3',
          networks: ['inner'],
          volumes: ['data:/data'],
          healthcheck: { test: ['CMD', 'true'], interval: '300ms' },
        },
        once: { image: 'acme/web:v3', command: ['sh', '-c', 'echo "to out"; echo "to err" >&2; exit 3'] },
      },
      networks: { inner: {} },
      volumes: { data: {} },
    };
    await host.sh('mkdir -p /tmp/watched && cat >/tmp/watched/compose.yaml', { input: JSON.stringify(stack) });
    await host.sh('cd /tmp/watched && docker compose -p watched up -d --quiet-pull 2>&1 && sleep 2');
    const containers = await engine.containers({ project: 'watched' });
    expect(containers.map(({ labels }) => labels['com.docker.compose.service']).sort()).toEqual(['once', 'web']);
    const id = (service: string): string =>
      containers.find(({ labels }) => labels['com.docker.compose.service'] === service)?.id ?? '';
    const web = await engine.inspectContainer(id('web'));
    expect(web).toMatchObject({ name: 'watched-web-1', status: 'running', health: 'healthy', restartCount: 0 });
    expect(web?.imageId).toBe((await engine.inspectImage('acme/web:v3'))?.id);
    expect(web?.networks).toEqual(['watched_inner']);
    expect(web?.mounts).toEqual([
      expect.objectContaining({ type: 'volume', name: 'watched_data', destination: '/data' }),
    ]);
    expect(Math.abs((web?.startedAt ?? 0) - Date.now())).toBeLessThan(30_000);
    expect(await engine.inspectContainer(id('once'))).toMatchObject({ status: 'exited', exitCode: 3, health: 'none' });
    expect((await engine.logs(id('once'), 30)).sort()).toEqual(['to err', 'to out']);
    expect(await engine.logs(id('once'), 1)).toHaveLength(1);
    expect(await engine.networks('watched')).toEqual(expect.arrayContaining(['watched_inner']));
    expect(await engine.volumes('watched')).toEqual(['watched_data']);
    expect(await engine.volumes('other')).toEqual([]);

    await engine.removeContainer(id('once'));
    await engine.removeContainer(id('once'));
    await host.sh('docker restart -t 1 watched-web-1');
    await engine.startContainer(id('web'));
    await new Promise((resolve) => setTimeout(resolve, 700));
    await stream.return?.();
    await reading;
    const seen = events.map(({ service, action, exitCode }) => [service, action, exitCode]);
    expect(seen).toEqual(
      expect.arrayContaining([
        ['web', 'start', undefined],
        ['web', 'health_status: healthy', undefined],
        ['once', 'die', 3],
        ['once', 'destroy', undefined],
      ]),
    );
    expect(seen.filter(([, action]) => String(action).startsWith('exec'))).toEqual([]);
    const start = events.find(({ service, action }) => service === 'web' && action === 'start');
    expect(Math.abs((start?.time ?? 0) - (web?.startedAt ?? 0))).toBeLessThan(5000);
    expect(shell.sessions).toBeGreaterThan(0);
    await host.sh('cd /tmp/watched && docker compose -p watched down -v 2>&1');
  });

  test('an engine that restarts is asked again', async () => {
    const { engine, facts } = open;
    await host.stopDocker({ hard: true });
    const asked = engine.containers();
    await host.startDocker();
    expect(Array.isArray(await asked)).toBe(true);
    expect((await engine.info()).dockerVersion).toBe(facts.dockerVersion);
  });
});
