// The rig itself: whatever the other tests take for granted about their hosts is shown here, on both generations.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost, type Generation, type HostOptions, type TestHost } from './host.js';
import { pushImage, startPrivateRegistry, startRegistry, webImage } from './registry.js';
import { docker, nextName, run, until, type Result } from './rig.js';

jest.setTimeout(60_000);

const generations = ['bookworm', 'sid'] as const;
const compose = {
  bookworm: { docker: /^20\.10\./, compose: /^2\.26\./, store: 'overlay2' },
  sid: { docker: /^2[89]\./, compose: /^2\.4\d\./, store: 'overlayfs' },
} satisfies Record<Generation, unknown>;

const folders: string[] = [];
const hosts: TestHost[] = [];
afterAll(async () => {
  await Promise.all(hosts.map((host) => host.remove()));
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function host(generation: Generation, options: HostOptions = {}): Promise<TestHost> {
  const started = await startHost(generation, options);
  hosts.push(started);
  return started;
}

/** ssh as a user would run it: this key, these known hosts, nothing else. */
async function ssh(
  target: TestHost,
  command: string,
  options: { user?: string; more?: string[] } = {},
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-test-ssh-'));
  folders.push(folder);
  await writeFile(join(folder, 'key'), target.privateKey, { mode: 0o600 });
  await writeFile(join(folder, 'known_hosts'), `${target.knownHosts}\n`);
  return run([
    ...['ssh', '-F', 'none', '-i', join(folder, 'key'), '-o', 'IdentitiesOnly=yes', '-o', 'BatchMode=yes'],
    ...['-o', `UserKnownHostsFile=${join(folder, 'known_hosts')}`, '-o', 'StrictHostKeyChecking=yes'],
    ...[
      '-p',
      String(target.port),
      ...(options.more ?? []),
      `${options.user ?? target.user}@${target.address}`,
      command,
    ],
  ]);
}

const get = async (target: TestHost, path: string): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${target.published(8080)}${path}`, {
    signal: AbortSignal.timeout(5000),
  });
  return `${response.status} ${(await response.text()).trim()}`;
};

const answers = (target: TestHost, path: string): Promise<string> => get(target, path).catch(() => 'no answer');

/** The name of everything on this machine that belongs to this host. */
const remains = async (name: string): Promise<string> =>
  [
    await docker('ps', '-aq', '--filter', `name=${name}`),
    await docker('volume', 'ls', '-q', '--filter', `name=${name}`),
  ].join('');

describe('two hosts at once', () => {
  const both = {} as Record<Generation, TestHost>;
  beforeAll(async () => {
    const started = await Promise.all(
      generations.map((generation) => host(generation, { publish: [8080], pathSize: '20m', dockerSize: '1500m' })),
    );
    for (const each of started) both[each.generation] = each;
  });

  test('they share neither port, name nor key', () => {
    expect(both.bookworm.port).not.toBe(both.sid.port);
    expect(both.bookworm.name).not.toBe(both.sid.name);
    expect(both.bookworm.hostKey).not.toBe(both.sid.hostKey);
    expect(both.bookworm.privateKey).not.toBe(both.sid.privateKey);
  });

  describe.each(generations)('%s', (generation) => {
    test('ssh lets the key in, and knows the host', async () => {
      expect(await ssh(both[generation], 'id -un; hostname')).toEqual({
        stdout: `deploy\n${both[generation].name}\n`,
        stderr: '',
        status: 0,
      });
      const wrong = await ssh({ ...both[generation], knownHosts: 'elsewhere ssh-ed25519 AAAA' }, 'id');
      expect(wrong.status).toBe(255);
      expect(await both[generation].sshLog()).toMatch(/Starting session: command .*for deploy/);
    });

    test('Docker, Compose, Buildx and the image store are of the generation', async () => {
      const found = await ssh(
        both[generation],
        'docker version -f "{{.Server.Version}}" && docker compose version --short && docker info -f "{{.Driver}}" && docker buildx version',
      );
      const [engine, plugin, store, buildx] = found.stdout.split('\n');
      expect(engine).toMatch(compose[generation].docker);
      expect(plugin).toMatch(compose[generation].compose);
      expect(store).toBe(compose[generation].store);
      expect(buildx).toContain('buildx');
    });

    test('what scripts use is there, and the folder is writable', async () => {
      const tools = 'curl python3 ps iptables busybox dash bash flock tar crontab sudo';
      expect(await both[generation].sh(`for t in ${tools}; do command -v $t >/dev/null || echo no $t; done`)).toBe('');
      await both[generation].sh('mkdir /srv/shop && touch /srv/shop/x && rm -r /srv/shop');
    });

    test('ops reaches Docker by sudo alone', async () => {
      const target = both[generation];
      expect((await ssh(target, 'docker ps -q', { user: 'ops' })).status).not.toBe(0);
      expect(await ssh(target, 'sudo -n docker ps -q', { user: 'ops' })).toEqual({ stdout: '', stderr: '', status: 0 });
      expect((await ssh(target, 'sudo -n id', { user: 'ops' })).status).not.toBe(0);
    });

    test('small filesystems are small', async () => {
      const target = both[generation];
      const size = async (path: string): Promise<number> =>
        Number(await target.sh(`df -m --output=size ${path} | tail -n 1`));
      expect(await size('/srv/small')).toBeLessThan(21);
      expect(await size('/var/lib/docker')).toBeLessThan(1500);
      const full = await target.exec('dd if=/dev/zero of=/srv/small/x bs=1M count=30 2>&1; rm -f /srv/small/x');
      expect(full.stdout).toContain('No space left on device');
    });

    test('a stack of the official names is pulled, becomes healthy and serves', async () => {
      const target = both[generation];
      await target.sh('mkdir -p /srv/stack && cat >/srv/stack/docker-compose.yml', { input: stack(target.registry) });
      await target.sh(
        'printf "one: %s\\n" "a  b" >/srv/stack/note.txt; printf "create table t (n int); insert into t values (42);" >/srv/stack/init.sql',
      );
      await target.sh('cat >/srv/stack/proxy.conf', {
        input: 'server { listen 80; location / { proxy_pass http://web:8080; } }',
      });
      await target.sh('cd /srv/stack && docker compose up -d --wait --quiet-pull', { timeoutMs: 110_000 });
      expect(await get(target, '/version')).toBe('200 v1');
      expect(await get(target, '/env/GREETING')).toBe('200 it\'s "$5" & more');
      expect(await get(target, '/file?path=/etc/note.txt')).toBe('200 one: a  b');
      expect(await get(target, '/tcp?to=redis:6379')).toBe('200 connected');
      const of = (service: string, command: string): Promise<string> =>
        target.sh(`cd /srv/stack && docker compose exec -T ${service} ${command}`);
      expect(await of('db', `psql -U shop -d shop -tAc 'select n from t'`)).toBe('42');
      expect(await of('db', `sh -c 'PGPASSWORD=s3cret psql -h db -U shop -d shop -tAc "select 1"'`)).toBe('1');
      expect(await of('redis', 'redis-cli ping')).toBe('PONG');
      expect(await of('mysql', `mysql -h 127.0.0.1 -u shop -ps3cret shop -N -e 'select 6 * 7'`)).toBe('42');
      expect(await of('proxy', 'curl -fsS http://localhost/version')).toBe('v1');
      expect(await target.sh(`docker top stack-db-1 -o user:20,comm | sed -n '2s/ .*//p'`)).not.toBe('root');
      await target.sh('cd /srv/stack && docker compose kill');
    }, 120_000);

    test('the web app behaves as its environment says', async () => {
      const target = both[generation];
      const web = async (version: string, ...env: string[]): Promise<void> => {
        const variables = env.map((each) => `-e ${each}`).join(' ');
        await target.sh(
          `docker rm -f probe >/dev/null 2>&1; docker run -d --name probe -p 8080:8080 ${variables} ${target.registry}/acme/web:${version}`,
        );
      };
      const healthy = async (): Promise<boolean> => (await target.exec('docker exec probe healthy')).status === 0;

      await web('v2', 'START_SECONDS=1.5');
      expect(await healthy()).toBe(false);
      await until('v2', async () => (await answers(target, '/version')) === '200 v2');
      expect(await healthy()).toBe(true);
      const began = Date.now();
      await target.sh('docker stop -t 10 probe');
      expect(Date.now() - began).toBeLessThan(4000);
      expect(await target.sh(`docker inspect -f '{{.State.ExitCode}}' probe`)).toBe('0');

      await web('v3', 'HEALTH=unhealthy-after:1');
      await until('unhealthy', async () => (await answers(target, '/health')).startsWith('503'));
      expect(await healthy()).toBe(false);

      await web('v3', 'HEALTH=never');
      await until('v3', async () => (await answers(target, '/version')) === '200 v3');
      expect(await answers(target, '/health')).toBe('503 unhealthy');

      await web('v4', 'CRASH_AFTER=0.5', 'CRASH_CODE=7');
      expect(await target.sh('docker wait probe')).toBe('7');
      expect(await target.sh('docker logs probe 2>&1')).toContain('crashing as asked');
      await target.sh('docker rm -f probe');
    });

    test('a reboot and a power cut keep address, key, files and containers', async () => {
      const target = both[generation];
      const name = await target.sh(
        'docker run -d --restart always --name again -p 8080:8080 acme/web:v5 && echo kept >/srv/small/x && echo again',
      );
      expect(name).toContain('again');
      for (const hard of [false, true]) {
        await target.stop({ hard });
        expect((await ssh(target, 'true', { more: ['-o', 'ConnectTimeout=5'] })).status).toBe(255);
        await target.start();
        expect((await ssh(target, 'cat /srv/small/x')).stdout).toBe('kept\n');
        await until('v5 again', async () => (await answers(target, '/version')) === '200 v5');
      }
      await target.sh('docker rm -f again');
    });

    test('the Docker Engine stops, crashes and starts', async () => {
      const target = both[generation];
      for (const hard of [false, true]) {
        await target.stopDocker({ hard });
        expect((await target.exec('docker ps')).status).not.toBe(0);
        await target.startDocker();
        expect((await target.exec('docker ps')).status).toBe(0);
      }
    });

    test('a tag moves, an image goes, registries are cut off', async () => {
      const target = both[generation];
      const repository = `acme/shop-${nextName('t').slice(-12)}`;
      const first = await pushImage('web-v1', `${repository}:latest`);
      const pull = `docker pull -q ${target.registry}/${repository}`;
      await target.sh(`${pull}:latest`);
      const moved = await pushImage(await webImage('v9', ['ENV HEALTH=never']), `${repository}:latest`);
      expect(moved).not.toBe(first);
      await target.sh(`${pull}:latest`);
      expect(await target.sh(`docker run --rm ${target.registry}/${repository}:latest cat /etc/version`)).toBe('v9');
      expect((await target.exec(`${pull}@${first}`)).status).toBe(0);
      await target.cutRegistries();
      expect((await target.exec(`${pull}:latest`)).status).not.toBe(0);
      await target.restoreRegistries();
      expect((await target.exec(`${pull}:latest`)).status).toBe(0);
      expect((await target.exec(`${pull}:never`)).stderr).toMatch(/not found|unknown/);
    });

    test('a private registry wants its login, and stops and starts', async () => {
      const target = both[generation];
      await using registry = await startPrivateRegistry({ user: 'robot', password: 'p$ss "w\'ord' });
      await registry.push('web-v1', 'acme/shop:v1');
      const pull = `docker pull -q ${registry.name}/acme/shop:v1`;
      expect((await target.exec(pull)).stderr).toMatch(/no basic auth credentials|unauthorized/);
      await target.sh(`docker login -u robot --password-stdin ${registry.name}`, { input: 'p$ss "w\'ord' });
      await target.sh(pull);
      await registry.stop();
      expect((await target.exec(pull)).status).not.toBe(0);
      await registry.start();
      await target.sh(`${pull} && docker logout ${registry.name}`);
    });
  });

  test('one is the bastion of the other', async () => {
    const { bookworm, sid } = both;
    const folder = await mkdtemp(join(tmpdir(), 'homeport-test-jump-'));
    folders.push(folder);
    await writeFile(join(folder, 'jump'), bookworm.privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'key'), sid.privateKey, { mode: 0o600 });
    await writeFile(join(folder, 'known'), `${bookworm.knownHosts}\n${sid.internalAddress} ${sid.hostKey}\n`);
    const strict = `-F none -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile=${folder}/known`;
    const jump = `ssh ${strict} -i ${folder}/jump -p ${bookworm.port} -W %h:%p deploy@127.0.0.1`;
    const argv = ['ssh', ...strict.split(' '), '-i', `${folder}/key`, '-o', `ProxyCommand=${jump}`];
    const found = await run([...argv, `deploy@${sid.internalAddress}`, 'hostname']);
    expect(found).toMatchObject({ status: 0, stdout: `${sid.name}\n` });
  });
});

test('a host without Docker, and one whose socket is closed to the user', async () => {
  const [none, closed] = await Promise.all([
    host('bookworm', { noDocker: true }),
    host('sid', { dockerSocketMode: 'none' }),
  ]);
  expect((await ssh(none, 'docker version')).status).toBe(127);
  expect((await ssh(closed, 'docker ps')).stderr).toMatch(/permission denied/i);
  expect((await closed.exec('docker ps', { user: 'root' })).status).toBe(0);
});

test('a removed host leaves nothing behind', async () => {
  const gone = await startHost('sid');
  expect(await remains(gone.name)).not.toBe('');
  const own = await startRegistry();
  await own.dispose();
  await gone.remove();
  expect(await remains(gone.name)).toBe('');
  expect(await docker('ps', '-aq', '--filter', `name=${own.name.replace(':5000', '')}`)).toBe('');
  await expect(gone.remove()).resolves.toBeUndefined();
});

function stack(registry: string): string {
  return `
services:
  web:
    image: ${registry}/acme/web:v1
    ports: ['8080:8080']
    environment:
      GREETING: it's "$$5" & more
      START_SECONDS: '0.3'
    volumes: ['./note.txt:/etc/note.txt:ro']
    healthcheck: { test: [CMD, healthy], interval: 1s, retries: 20 }
  db:
    image: postgres:15
    environment: { POSTGRES_USER: shop, POSTGRES_PASSWORD: s3cret, POSTGRES_DB: shop }
    volumes: ['db:/var/lib/postgresql/data', './init.sql:/docker-entrypoint-initdb.d/init.sql:ro']
    healthcheck: { test: [CMD-SHELL, pg_isready -U shop -h 127.0.0.1], interval: 1s, retries: 30 }
  redis:
    image: redis:7
    healthcheck: { test: [CMD, redis-cli, ping], interval: 1s, retries: 20 }
  mysql:
    image: mysql:8
    environment: { MYSQL_ROOT_PASSWORD: r00t, MYSQL_USER: shop, MYSQL_PASSWORD: s3cret, MYSQL_DATABASE: shop }
    healthcheck: { test: [CMD, mysqladmin, ping, -h, 127.0.0.1, -pr00t], interval: 1s, retries: 40 }
  proxy:
    image: nginx:1
    configs: [{ source: proxy, target: /etc/nginx/conf.d/default.conf }]
    healthcheck: { test: [CMD, curl, -fsS, 'http://localhost/'], interval: 1s, retries: 20 }
    depends_on: { web: { condition: service_healthy } }
configs:
  proxy: { file: ./proxy.conf }
volumes: { db: {} }
`;
}
