import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { HostFailure } from '../../shared/base/errors.js';
import { openEngine } from '../../shared/host/engine.js';
import { factProblems, type HostFacts } from '../../shared/host/facts.js';
import { portOwners } from '../../shared/host/ports.js';
import { sh } from '../../shared/ssh/shell-text.js';
import type { HostShell } from '../../shared/ssh/host-shell.js';
import { startHost, type Generation, type TestHost } from '../hosts/host.js';
import { factsOf, shellOf } from './host-shell.js';

jest.setTimeout(90_000);

const problemsOf = (facts: HostFacts): string[] => factProblems(facts, 'box').map(({ message }) => message);

const wanted = {
  bookworm: { docker: /^20\.10\./, compose: /^2\.26\./, store: 'classic' },
  sid: { docker: /^2[89]\./, compose: /^2\.4\d\./, store: 'containerd' },
} satisfies Record<Generation, unknown>;

describe.each(['bookworm', 'sid'] as const)('%s', (generation) => {
  let host: TestHost;
  let shell: HostShell;

  beforeAll(async () => {
    host = await startHost(generation);
    shell = await shellOf(host);
  });
  afterAll(async () => {
    await shell.close();
    await host.remove();
  });

  test("the facts of a good host, in one session beside the engine's", async () => {
    const before = shell.sessions;
    const began = performance.now();
    const facts = await factsOf(shell, { path: '/srv/shop' });
    console.log(`${generation}: facts in ${Math.round(performance.now() - began)} ms`);
    expect(shell.sessions - before).toBe(2);
    expect(problemsOf(facts)).toEqual([]);
    expect(facts).toMatchObject({
      user: 'deploy',
      home: '/home/deploy',
      path: '/srv/shop',
      pathExists: false,
      nearestFolder: '/srv',
      writable: true,
      modesHold: true,
      dockerCommand: ['/usr/bin/docker'],
      imageStore: wanted[generation].store,
      architecture: 'amd64',
      os: 'linux',
      dockerRoot: '/var/lib/docker',
      mirrors: ['http://registry.homeport.test:5000/'],
      buildx: true,
      flock: true,
      setsid: true,
      tar: true,
    });
    expect(facts.dockerVersion).toMatch(wanted[generation].docker);
    expect(facts.composeVersion).toMatch(wanted[generation].compose);
    expect(facts.composeCommand).toEqual([expect.stringMatching(/cli-plugins\/docker-compose$/)]);
    expect(facts.pathFree).toBeGreaterThan(1e6);
    expect(facts.uptime).toBeGreaterThan(0);
    const called = await shell.run(
      sh`env -i ${Object.entries(facts.hostEnvironment).map(([name, value]) => `${name}=${value}`)} ${facts.composeCommand} version --short`,
    );
    expect(called.stdout.trim().replace(/^v/, '')).toBe(facts.composeVersion);
  });

  test('a home folder, a path inside a file, a path of somebody else', async () => {
    await host.sh('install -d -m 0700 /srv/closed && : >/srv/file', { user: 'root' });
    const [home, file, closed] = await Promise.all(
      ['~/apps/shop', '/srv/file/shop', '/srv/closed'].map(async (path) => factsOf(shell, { path })),
    );
    expect(home?.path).toBe('/home/deploy/apps/shop');
    expect(problemsOf(home as HostFacts)).toEqual([]);
    expect(problemsOf(file as HostFacts)).toEqual([expect.stringContaining('/srv/file is a file')]);
    expect(problemsOf(closed as HostFacts)).toEqual([
      expect.stringContaining('/srv/closed is not writable for deploy'),
    ]);
    expect(await host.sh('ls -A /srv')).not.toContain('probe');
  });

  test('no permission on the Docker socket names the way out; through sudo it works', async () => {
    const other = await shellOf(host, 'ops');
    try {
      const without = await factsOf(other, { path: '/srv/ops/shop' });
      expect(problemsOf(without)).toEqual([expect.stringMatching(/ops may not use the Docker socket.*`sudo: true`/)]);
      const facts = await factsOf(other, { path: '/srv/ops/shop', sudo: true });
      expect(problemsOf(facts)).toEqual([]);
      expect(facts.dockerCommand).toEqual(['sudo', '-n', '/usr/bin/docker']);
      expect(facts.composeCommand).toEqual(['sudo', '-n', '/usr/bin/docker', 'compose']);
      const engine = await openEngine(other, { sudo: true });
      expect((await engine.info()).dockerVersion).toMatch(wanted[generation].docker);
      await engine.close();
      const refused = openEngine(other, { sudo: false });
      await expect(refused).rejects.toBeInstanceOf(HostFailure);
      await expect(refused).rejects.toThrow(/permission denied/i);
    } finally {
      await other.close();
    }
  });

  test('sudo without the right to it is one clear problem', async () => {
    const facts = await factsOf(shell, { sudo: true });
    expect(problemsOf(facts)).toEqual([expect.stringMatching(/deploy may not run `sudo -n docker`.*sudoers/)]);
  });

  test('who has a port: a container by its project, a process by its name', async () => {
    await shell.run(
      sh`mkdir -p /tmp/shop && cd /tmp/shop && printf %s ${'services: {web: {image: "busybox:1", command: [sleep, "1000"], ports: ["8081:80", "127.0.0.1:8082:80/udp"]}}'} >compose.yaml && docker compose -p shop up -d --quiet-pull`,
    );
    const busy = await host.sh(
      'python3 -c "import socket,time\ns=socket.socket();s.bind((\'\',8090));s.listen();time.sleep(60)" >/dev/null 2>&1 & sleep 1; ss -Hltn "sport = :8090" | wc -l',
    );
    expect(busy).toBe('1');
    const facts = await factsOf(shell);
    const engine = await openEngine(shell, { sudo: false });
    const owners = await portOwners(engine, facts);
    const of = (port: number): unknown => owners.filter((owner) => owner.port === port);
    expect(of(8081)).toEqual([
      expect.objectContaining({ protocol: 'tcp', project: 'shop', service: 'web', name: 'container shop-web-1' }),
    ]);
    expect(of(8082)).toEqual([expect.objectContaining({ protocol: 'udp', address: '127.0.0.1', project: 'shop' })]);
    expect(of(8090)).toEqual([
      expect.objectContaining({ kind: 'process', name: 'python3 (a process)', project: undefined }),
    ]);
    expect(of(22)).toEqual(
      expect.arrayContaining([expect.objectContaining({ kind: 'process', name: 'another process' })]),
    );
    await engine.close();
    await shell.run(sh`docker rm -f shop-web-1`);
  });

  test('an engine that is down is a problem that says so', async () => {
    await host.stopDocker();
    try {
      expect(problemsOf(await factsOf(shell))).toEqual([
        expect.stringMatching(/Docker Engine on box does not answer: start it/),
      ]);
    } finally {
      await host.startDocker();
    }
  });
});

test('a machine without Docker has facts too, and one problem', async () => {
  await using host = await startHost('bookworm', { noDocker: true });
  const shell = await shellOf(host);
  try {
    const facts = await factsOf(shell);
    expect(facts.user).toBe('deploy');
    expect(problemsOf(facts)).toEqual([expect.stringMatching(/has no Docker .*install Docker Engine 20\.10/)]);
  } finally {
    await shell.close();
  }
});

test('small filesystems: free space is that of the path and of the engine each', async () => {
  await using host = await startHost('bookworm', { pathSize: '20m', dockerSize: '300m' });
  const shell = await shellOf(host);
  try {
    const facts = await factsOf(shell, { path: '/srv/small/shop' });
    expect(facts.pathFree).toBeLessThan(20 * 2 ** 20);
    expect(facts.dockerFree).toBeGreaterThan(20 * 2 ** 20);
    expect(facts.dockerFree).toBeLessThan(300 * 2 ** 20);
  } finally {
    await shell.close();
  }
});
