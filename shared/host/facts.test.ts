import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostFailure, UserError } from '../base/errors.js';
import { openLocal } from '../ssh/local.js';
import type { HostShell } from '../ssh/host-shell.js';
import type { EngineInfo } from './engine.js';
import { checkFacts, factProblems, gatherFacts, type HostFacts } from './facts.js';
import { parseFacts } from './facts-parse.js';

let folder = '';
const shells: HostShell[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homeport-facts-'));
});

afterAll(async () => {
  for (const shell of shells) await shell.close();
  await rm(folder, { recursive: true, force: true });
});

/** A docker and a Compose plugin that answer as told, in a home of their own. */
async function madeHost(
  name: string,
  docker: string,
  compose = 'echo 2.30.1',
  ...environment: string[]
): Promise<HostShell> {
  const home = join(folder, name);
  await mkdir(join(home, 'bin'), { recursive: true });
  await mkdir(join(home, '.docker/cli-plugins'), { recursive: true });
  const write = async (file: string, text: string): Promise<void> => {
    await writeFile(join(home, file), `#!/bin/sh\n${text}\n`);
    await chmod(join(home, file), 0o755);
  };
  await write('bin/docker', docker);
  await write('.docker/cli-plugins/docker-compose', compose);
  await writeFile(join(home, '.docker/config.json'), '{"auths":\n{"ghcr.io":{"auth":"YTpi"}}}\n');
  const { command, args } = {
    command: '/usr/bin/env',
    args: ['-i', `HOME=${home}`, `PATH=${home}/bin:/usr/bin:/bin`, ...environment, '/bin/sh'],
  };
  const shell = openLocal([command, ...args]);
  shells.push(shell);
  return shell;
}

const INFO: EngineInfo = {
  dockerVersion: '28.5.1',
  imageStore: 'containerd',
  architecture: 'amd64',
  os: 'linux',
  rootless: false,
  dockerRoot: '/var/lib/docker',
  mirrors: ['http://m:5000/'],
};

async function factsOf(shell: HostShell, path: string): Promise<HostFacts> {
  return gatherFacts(shell, { path, sudo: false, project: 'shop' }, Promise.resolve(INFO));
}

test('one session, one answer: everything that a deploy wants to know', async () => {
  const shell = await madeHost('good', 'exit 1');
  const facts = await factsOf(shell, '~/apps//shop it/');
  const home = join(folder, 'good');
  expect(shell.sessions).toBe(1);
  expect(facts).toMatchObject({
    home,
    path: `${home}/apps/shop it`,
    pathExists: false,
    nearestFolder: home,
    writable: true,
    modesHold: true,
    dockerCommand: [`${home}/bin/docker`],
    composeCommand: [`${home}/.docker/cli-plugins/docker-compose`],
    dockerVersion: '28.5.1',
    engineError: undefined,
    composeVersion: '2.30.1',
    imageStore: 'containerd',
    architecture: 'amd64',
    mirrors: ['http://m:5000/'],
    buildx: false,
    missingTools: [],
  });
  expect(facts.hostEnvironment['HOME']).toBe(home);
  expect(await facts.dockerConfig.authFor('ghcr.io')).toMatchObject({ username: 'a', password: 'b' });
  expect(facts.pathFree).toBeGreaterThan(0);
  expect(Math.abs(facts.clock - Date.now())).toBeLessThan(5000);
  expect(factProblems(facts, 'box')).toEqual([]);
  expect((await readdir(home)).filter((name) => name.includes('probe'))).toEqual([]);
});

test("the variables of someone's shell do not reach docker, and a plugin that does not start is asked through docker", async () => {
  const asked = `case "$1" in compose) [ -z "\${COMPOSE_FILE:-}" ] && echo v2.33.0 ;; esac`;
  const shell = await madeHost('through-docker', asked, 'exit 126', 'COMPOSE_FILE=/elsewhere/compose.yml');
  const facts = await factsOf(shell, '/tmp');
  expect(facts.composeVersion).toBe('2.33.0');
  expect(facts.composeCommand.slice(-1)).toEqual(['compose']);
  expect(facts.pathExists).toBe(true);
});

test('an engine that does not answer is a fact, in the words of its client', async () => {
  const shell = await madeHost('silent', 'exit 1');
  const silent = Promise.reject(new HostFailure('box', 'its session ended', ['permission denied', 'on the socket']));
  const facts = await gatherFacts(shell, { path: '/tmp', sudo: false, project: 'shop' }, silent);
  expect(facts.engineError).toBe('permission denied on the socket');
  expect(factProblems(facts, 'box')).toHaveLength(1);
});

test('a path that is none is refused before the host is asked', async () => {
  const shell = await madeHost('path', 'exit 1');
  await expect(factsOf(shell, 'srv/shop')).rejects.toThrow(/must be absolute/);
  await expect(factsOf(shell, '/srv/a\nb')).rejects.toThrow(UserError);
  expect(shell.sessions).toBe(0);
});

test('an injection in the path stays a path', async () => {
  const shell = await madeHost('injection', 'exit 1');
  const path = `~/$(touch ${folder}/pwned)';touch ${folder}/pwned;'`;
  const facts = await factsOf(shell, path);
  expect(facts.path).toBe(join(folder, 'injection', path.slice(2)));
  expect(await readdir(folder)).not.toContain('pwned');
});

function facts(changes: Partial<HostFacts>): HostFacts {
  const good = parseFacts(
    'user deploy\nhome /home/deploy\nenvironment PATH=/bin\ndocker /usr/bin/docker\ncompose-plugin /p/docker-compose\ncompose-version 2.30.1\npath /srv/shop\nnear /srv/shop\nwritable yes\nmodes hold\ntool flock\ntool setsid\ntool tar\ntool sha256sum\ntool xargs\ndocker-config follows\n\nend of facts\n',
    false,
  ).facts;
  return { ...good, ...INFO, engineError: undefined, ...changes } as HostFacts;
}

test.each<[string, Partial<HostFacts>, RegExp]>([
  ['no Docker', { dockerCommand: [], composeCommand: [] }, /box has no Docker .*install Docker Engine/],
  [
    'no permission',
    { engineError: 'Got permission denied while trying to connect to the Docker daemon socket' },
    /deploy may not use the Docker socket.*usermod -aG docker deploy.*sudo: true/,
  ],
  ['no sudo', { sudo: true, engineError: 'sudo: a password is required' }, /sudoers\.d/],
  [
    'no daemon',
    { engineError: 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' },
    /does not answer: start it/,
  ],
  [
    'no socket',
    {
      engineError:
        'failed to open the raw stream connection: dial unix /var/run/docker.sock: connect: no such file or directory',
    },
    /does not answer: start it/,
  ],
  ['old Docker', { dockerVersion: '19.03.15' }, /Docker 19\.03\.15: 20\.10 or newer/],
  ['old Compose', { composeVersion: '2.19.1' }, /Compose 2\.19\.1: 2\.20 or newer/],
  ['no Compose', { composeCommand: [], composeVersion: '' }, /has no Compose v2/],
  [
    'not writable',
    { writable: false, pathExists: false, nearestFolder: '/srv' },
    /cannot be made by deploy \(in \/srv\).*install -d -o deploy \/srv\/shop/,
  ],
  ['a file', { nearestIsFolder: false }, /\/srv\/shop is a file/],
  ["another's", { ownFolderWritable: false }, /\.homeport on box belongs to another user/],
  ['a share', { modesHold: false }, /0600 does not hold/],
  ['no flock', { missingTools: ['flock'] }, /has no flock.*util-linux/],
  ['Windows', { os: 'windows' }, /Linux containers/],
])('%s is one clear problem', (_name, changes, message) => {
  const problems = factProblems(facts(changes), 'box').map((problem) => problem.message);
  expect(problems).toHaveLength(1);
  expect(problems[0]).toMatch(message);
});

test('all problems are told at once, and new versions are not taken for old ones', () => {
  const bad = facts({ writable: false, missingTools: ['flock'], composeVersion: '2.9.0' });
  expect(() => {
    checkFacts(bad, 'box');
  }).toThrow(UserError);
  expect(factProblems(bad, 'box')).toHaveLength(3);
  expect(factProblems(facts({ dockerVersion: '29.0.0-rc.1', composeVersion: '5.0.0' }), 'box')).toEqual([]);
  expect(factProblems(facts({ dockerVersion: '20.10.24+dfsg1', composeVersion: '2.20.0' }), 'box')).toEqual([]);
});

test('sockets: addresses as people write them, names where the host tells them', () => {
  const told = [
    'tcp 0: 00000000:0016 00000000:0000 0A 0 0 0',
    'tcp 1: 0100007F:1538 00000000:0000 0A 0 0 0',
    'tcp 0: 00000000000000000000000001000000:1F90 0:0 0A 0 0 0',
    'udp 0: 3500007F:0035 00000000:0000 07 0 0 0',
    'ss tcp LISTEN 0 511 127.0.0.1:5432 0.0.0.0:* users:(("postgres",pid=9,fd=6))',
    'docker-config follows',
  ];
  expect(parseFacts(`${told.join('\n')}\n\nend of facts\n`, false).facts.listening).toEqual([
    { protocol: 'tcp', address: '', port: 22, process: undefined },
    { protocol: 'tcp', address: '127.0.0.1', port: 5432, process: 'postgres' },
    { protocol: 'tcp', address: '0:0:0:0:0:0:0:1', port: 8080, process: undefined },
    { protocol: 'udp', address: '127.0.0.53', port: 53, process: undefined },
  ]);
});
