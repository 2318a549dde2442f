// The ways to a host and to its images: users with sudo, bastions, keys as they are pasted, agents, no SSH at all, registries.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost, type TestHost } from '../hosts/host.js';
import { startPrivateRegistry, type OwnRegistry } from '../hosts/registry.js';
import { docker, rig, run, until } from '../hosts/rig.js';
import { bundleFolder, node24, reaching, runAction, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { causeOf, generations, PATIENCE, together } from './support/scene.js';
import { ids, snapshot } from './support/snapshot.js';

const config = (path = '/srv/shop'): string =>
  `homeport: 1\nproject: shop\npath: ${path}\nhealth: {timeout: 60s, stable: 0s}\n`;
const compose = (image = 'acme/web:v1'): string => `services: {web: {image: "${image}", stop_grace_period: 1s}}\n`;

let checkout: Checkout;
let host: TestHost;
let other: TestHost;

beforeAll(async () => {
  await together([
    async () => void (checkout = await Checkout.make({ 'docker-compose.yml': compose(), 'homeport.yml': config() })),
    async () => void (host = await startHost('sid')),
    async () => void (other = await startHost('bookworm')),
  ]);
}, PATIENCE);

afterAll(async () => {
  await Promise.all([host.remove(), other.remove(), checkout[Symbol.asyncDispose]()]);
}, PATIENCE);

/** A run that gets in and has nothing more to do than the first time. */
async function getsIn(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<ActionResult> {
  const done = await runAction({ checkout, inputs: { ...reaching(host), ...inputs }, env });
  const { log, status } = done;
  expect({ log, status, ended: ['deployed', 'unchanged'].includes(done.outputs['result'] ?? '') }).toEqual({
    log,
    status: 0,
    ended: true,
  });
  return done;
}

async function staysOut(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const done = await runAction({ checkout, inputs: { ...reaching(host), ...inputs }, env });
  expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'failed' });
  return causeOf(done);
}

const fingerprint = (hostKey: string): string => {
  const blob = Buffer.from(hostKey.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
};

describe('keys', () => {
  test.each<[string, (key: string) => string]>([
    ['with CRLF', (key) => key.replaceAll('\n', '\r\n')],
    ['without the last newline', (key) => key.trimEnd()],
    ['as base64', (key) => Buffer.from(key).toString('base64')],
    ['on one line', (key) => key.trim().replaceAll('\n', ' ')],
  ])(
    '%s',
    async (_name, pasted) => {
      await getsIn({ 'ssh-private-key': pasted(host.privateKey) });
    },
    PATIENCE,
  );

  test(
    'of an agent',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'homeport-test-agent-'));
      const socket = join(folder, 'agent');
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      try {
        await until('the agent', async () => (await run(['test', '-S', socket])).status === 0);
        const file = join(folder, 'key');
        await writeFile(file, host.privateKey, { mode: 0o600 });
        const add = await run(['env', `SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', file]);
        expect(add).toMatchObject({ status: 0 });
        await rm(file);
        await getsIn({ 'ssh-private-key': '' }, { SSH_AUTH_SOCK: socket });
      } finally {
        agent.kill();
        await rm(folder, { recursive: true });
      }
    },
    PATIENCE,
  );
});

test.each<[string, () => string]>([
  ['a SHA256 fingerprint', () => fingerprint(host.hostKey)],
  ['what ssh-keygen -l prints', () => `256 ${fingerprint(host.hostKey)} root@host (ED25519)`],
  ['a bare public key', () => host.hostKey],
  ['insecure-accept-any', () => 'insecure-accept-any'],
])(
  'known-hosts: %s',
  async (_name, given) => {
    const done = await getsIn({ 'known-hosts': given() });
    expect(done.log.includes('::warning')).toBe(given() === 'insecure-accept-any');
  },
  PATIENCE,
);

describe('through others', () => {
  const behind = (): Record<string, string> => ({ host: `deploy@${host.internalAddress}` });

  test(
    'a bastion',
    async () => {
      // The same key opens both, as with most teams.
      await other.sh('cat >>~/.ssh/authorized_keys', { input: `${host.publicKey}\n` });
      const before = await host.sshLog();
      const jump = { ...behind(), 'ssh-jump': other.destination };
      await getsIn({ ...jump, 'known-hosts': `${other.knownHosts}\n${host.internalAddress} ${host.hostKey}` });
      const from = (await host.sshLog()).slice(before.length).match(/Connection from (\S+)/g) ?? [];
      // The shared connection is the only one, and it comes from the bastion.
      expect(from).toEqual([`Connection from ${await addressOf(other)}`]);
      await getsIn({ ...jump, 'known-hosts': `${fingerprint(other.hostKey)}\n${fingerprint(host.hostKey)}` });
      expect(await staysOut({ ...jump, 'known-hosts': other.knownHosts })).toMatch(
        /the host key of deploy@\S+ is not in known-hosts.*paste this line/s,
      );
    },
    PATIENCE,
  );

  test(
    'a ProxyCommand',
    async () => {
      const proxy = `ProxyCommand ${rig().docker} exec -i ${other.name} busybox nc %h %p`;
      const known = `${host.internalAddress} ${host.hostKey}`;
      await getsIn({ ...behind(), 'ssh-config': proxy, 'known-hosts': known });
      expect(await staysOut({ 'ssh-config': 'Proxy Command' })).toMatch(/ssh-config/);
    },
    PATIENCE,
  );
});

async function addressOf(container: TestHost): Promise<string> {
  return docker('inspect', '--format', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', container.name);
}

test(
  'a user who may only sudo docker',
  async () => {
    await using own = await Checkout.make({
      'docker-compose.yml': compose(),
      'homeport.yml': config('/srv/ops/shop').replace('shop', 'opsshop'),
    });
    await together(
      [host, other].map((machine) => async () => {
        const inputs = { ...reaching(machine), host: machine.destination.replace('deploy@', 'ops@'), sudo: 'true' };
        const deployed = async (result: string, more: Record<string, string> = {}): Promise<void> => {
          const done = await runAction({ checkout: own, inputs: { ...inputs, ...more } });
          expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result });
        };
        await deployed('deployed');
        const first = await snapshot(machine, 'opsshop', '/srv/ops/shop');
        expect(Object.values(first.containers).map(({ status }) => status)).toEqual(['running']);
        await deployed('unchanged');
        await machine.sh('cd /srv/ops/shop && sudo -n docker compose up -d', { user: 'ops' });
        expect(await snapshot(machine, 'opsshop', '/srv/ops/shop')).toEqual(first);
        // What it wrote is the user's own, and nothing is root's.
        expect(await machine.sh('find /srv/ops ! -user ops', { user: 'root' })).toBe('');
        await deployed('deployed', { env: 'CHANGED=1', 'force-recreate': 'true' });
        await deployed('rolled-back', {
          config: JSON.stringify({
            homeport: 1,
            project: 'opsshop',
            path: '/srv/ops/shop',
            health: { timeout: '30s', stable: '0s' },
            hooks: { 'after-switch': [{ host: 'exit 3' }] },
          }),
          'force-recreate': 'true',
        });
        expect((await snapshot(machine, 'opsshop', '/srv/ops/shop')).files).toEqual(
          expect.objectContaining({ 'docker-compose.yml': first.files['docker-compose.yml'] }),
        );
      }),
    );
  },
  PATIENCE,
);

describe('host: local', () => {
  test(
    'on the machine itself, without SSH',
    async () => {
      await together([host, other].map((machine) => async () => deploysItself(machine)));
    },
    PATIENCE,
  );

  async function deploysItself(machine: TestHost): Promise<void> {
    const folder = '/home/deploy/runner';
    await machine.sh(`mkdir -p ${folder}/temp ${folder}/checkout`);
    await docker('cp', '-L', node24, `${machine.name}:/usr/local/bin/node24`);
    await docker('cp', bundleFolder, `${machine.name}:${folder}/dist`);
    await using own = await Checkout.make({
      'docker-compose.yml': compose(),
      'homeport.yml': config('/srv/local').replace('shop', 'localshop'),
    });
    await docker('cp', `${own.folder}/.`, `${machine.name}:${folder}/checkout`);
    await machine.sh(`chown -R deploy ${folder}`, { user: 'root' });
    const before = await machine.sshLog();
    const env = {
      INPUT_HOST: 'local',
      GITHUB_WORKSPACE: `${folder}/checkout`,
      GITHUB_SHA: '1111111abcdef',
      GITHUB_OUTPUT: `${folder}/output`,
      RUNNER_TEMP: `${folder}/temp`,
      // Whatever carries this is killed at the end of the job.
      RUNNER_TRACKING_ID: 'github_1234',
    };
    const words = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
    const script = (more = ''): string =>
      `cd ${folder}/checkout && : >${folder}/output && env ${words.join(' ')} ${more} node24 ${folder}/dist/index.js 2>&1`;
    const log = await machine.sh(script());
    const [output, taken] = await Promise.all([
      machine.sh(`cat ${folder}/output`),
      snapshot(machine, 'localshop', '/srv/local'),
    ]);
    expect({ log, output }).toEqual({ log, output: expect.stringMatching(/^result<<.*\ndeployed$/m) as unknown });
    expect(taken.containers['localshop-web-1']?.status).toBe('running');
    const again = await machine.sh(script());
    expect({ again, output: await machine.sh(`cat ${folder}/output`) }).toEqual({
      again,
      output: expect.stringMatching(/^unchanged$/m) as unknown,
    });
    await machine.sh('cd /srv/local && docker compose up -d');
    expect(ids(await snapshot(machine, 'localshop', '/srv/local'))).toEqual(ids(taken));
    expect(await machine.sshLog()).toBe(before);
    // A return runs by itself there too.
    const failed = await machine.exec(
      script(
        `INPUT_FORCE-RECREATE=true "INPUT_CONFIG={homeport: 1, project: localshop, path: /srv/local, hooks: {after-switch: [{host: exit 3}]}}"`,
      ),
    );
    expect({ failed, output: await machine.sh(`cat ${folder}/output`) }).toEqual({
      failed,
      output: expect.stringMatching(/^rolled-back$/m) as unknown,
    });
  }
});

describe('private registries', () => {
  const login = { user: 'robot', password: 'let "me" $in, please' };
  let registry: OwnRegistry;

  beforeAll(async () => {
    registry = await startPrivateRegistry(login);
    await registry.push('web-v2', 'acme/private:v2');
  }, PATIENCE);
  afterAll(async () => {
    await registry.dispose();
  });

  async function pulls(machine: TestHost, registries: string): Promise<ActionResult> {
    await using own = await Checkout.make({
      'docker-compose.yml': compose(`${registry.name}/acme/private:v2`),
      'homeport.yml': config('/srv/private').replace('shop', 'private'),
    });
    return await runAction({ checkout: own, inputs: { ...reaching(machine), registries } });
  }

  test.each(generations)(
    'the login is used, and kept nowhere: %s',
    async (generation) => {
      const machine = generation === 'sid' ? host : other;
      const theirs = '{"auths": {"registry.example": {"auth": "b3BlcmF0b3I6aGlz"}}, "detachKeys": "ctrl-p"}';
      await machine.sh('mkdir -p ~/.docker && cat >~/.docker/config.json && chmod 600 ~/.docker/config.json', {
        input: theirs,
      });

      const none = await pulls(machine, '');
      expect(causeOf(none)).toMatch(
        new RegExp(
          `^plan: image \\S+/acme/private:v2 cannot be read from ${registry.name} without a login .*\`registries\``,
        ),
      );
      const wrong = await pulls(machine, `${registry.name} ${login.user} letmeinplease`);
      expect(causeOf(wrong)).toMatch(
        new RegExp(
          `^plan: image \\S+/acme/private:v2: ${registry.name} refuses the login that \`registries\` gives for it`,
        ),
      );
      expect(wrong.log.replaceAll(/^::add-mask::.*$/gm, '')).not.toContain('letmeinplease');
      expect(await machine.exec('test -e /srv/private')).toMatchObject({ status: 1 });

      const right = await pulls(machine, `# ours\n${registry.name} ${login.user} ${login.password}\n`);
      expect({ log: right.log, result: right.outputs['result'] }).toEqual({ log: right.log, result: 'deployed' });
      expect(await machine.sh('docker exec private-web-1 wget -q -O - http://127.0.0.1:8080/version')).toBe('v2');
      expect(await machine.sh('ls -A ~/.docker && cat ~/.docker/config.json')).toBe(`config.json\n${theirs}`);
      const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64');
      const found = await machine.exec('grep -rlF -f - /srv /home /tmp', {
        user: 'root',
        input: `${basic}\n${login.password}\n`,
      });
      expect(found).toMatchObject({ stdout: '' });
    },
    PATIENCE,
  );

  test(
    'a build through sudo knows it too',
    async () => {
      await using own = await Checkout.make({
        'docker-compose.yml': 'services: {web: {build: ., command: [sleep, infinity], stop_grace_period: 0s}}\n',
        Dockerfile: `FROM ${registry.name}/acme/private:v2\nRUN echo built >/built\n`,
        'homeport.yml': config('/srv/ops/built').replace('shop', 'opsbuilt'),
      });
      const inputs = { ...reaching(host), host: host.destination.replace('deploy@', 'ops@'), sudo: 'true' };
      const registries = `${registry.name} ${login.user} ${login.password}`;
      const done = await runAction({ checkout: own, inputs: { ...inputs, registries } });
      expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'deployed' });
      expect(await host.sh('docker exec opsbuilt-web-1 cat /built')).toBe('built');
      expect(await host.exec('test -e /root/.docker/config.json', { user: 'root' })).toMatchObject({ status: 1 });
    },
    PATIENCE,
  );

  test(
    "the operator's own login on the host is enough",
    async () => {
      await other.sh(`docker login -u ${login.user} --password-stdin ${registry.name}`, { input: login.password });
      await other.sh(
        'cd /srv/private && docker compose down && docker image rm -f $(docker image ls -q | sort -u); rm -rf /srv/private',
      );
      const done = await pulls(other, '');
      expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'deployed' });
    },
    PATIENCE,
  );
});
