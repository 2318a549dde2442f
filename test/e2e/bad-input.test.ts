// What a person gets wrong: one clear message for each, soon, and a host on which nothing is other than before.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKey, startHost, type TestHost } from '../hosts/host.js';
import { freePort } from '../hosts/rig.js';
import { deploy, reaching, runAction, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { causeOf, PATIENCE, together } from './support/scene.js';
import { wholeHost } from './support/whole-host.js';

const compose = `services:
  web:
    image: acme/web:v1
    environment: {GREETING: hello}
    stop_grace_period: 1s
`;
const config = 'homeport: 1\nproject: shop\npath: /srv/shop\nhealth: {timeout: 60s, stable: 0s}\n';

let host: TestHost;
let dockerless: TestHost;
let closed: TestHost;
let checkout: Checkout;

beforeAll(async () => {
  await together([
    async () => void (checkout = await Checkout.make({ 'docker-compose.yml': compose, 'homeport.yml': config })),
    async () => void (host = await startHost('sid')),
    async () => void (dockerless = await startHost('bookworm', { noDocker: true })),
    async () => void (closed = await startHost('bookworm', { dockerSocketMode: 'none' })),
  ]);
  const first = await runAction({ checkout, inputs: reaching(host) });
  expect({ log: first.log, result: first.outputs['result'] }).toEqual({ log: first.log, result: 'deployed' });
}, PATIENCE);

afterAll(async () => {
  await Promise.all([host.remove(), dockerless.remove(), closed.remove(), checkout[Symbol.asyncDispose]()]);
}, PATIENCE);

interface Mistake {
  /** Over those of a run that would succeed; undefined takes one away. */
  readonly inputs?: Readonly<Record<string, string | undefined>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
  readonly on?: TestHost;
}

/** A run with a mistake in it, which must end soon, with one message, having changed nothing. Answers the message. */
async function refused({ inputs = {}, env = {}, files = {}, on = host }: Mistake): Promise<string> {
  await using own = await Checkout.make({ 'docker-compose.yml': compose, 'homeport.yml': config, ...files });
  const given = Object.entries({ ...reaching(on), ...inputs });
  const kept = given.filter((entry): entry is [string, string] => entry[1] !== undefined);
  const before = await wholeHost(on);
  const done = await runAction({ checkout: own, inputs: Object.fromEntries(kept), env });
  const after = await wholeHost(on);
  expect({ log: done.log, after }).toEqual({ log: done.log, after: before });
  return messageOf(done);
}

function messageOf(done: ActionResult): string {
  const { log, status, outputs, summary } = done;
  expect({ log, status, result: outputs['result'] }).toEqual({ log, status: 1, result: 'failed' });
  // Annotations name a file; what is left is the failure of the step, once.
  const failures = log.split('\n').filter((line) => line.startsWith('::error::'));
  expect({ log, failures: failures.length }).toEqual({ log, failures: 1 });
  expect(log).not.toMatch(/defect|\n {4}at /);
  expect(summary).toMatch(/Nothing was changed|nothing was changed/);
  return causeOf(done);
}

/** The checkout without a file. */
async function without(path: string): Promise<string> {
  await using own = await Checkout.make({ 'docker-compose.yml': compose, 'homeport.yml': config });
  await own.remove(path);
  const before = await wholeHost(host);
  const done = await runAction({ checkout: own, inputs: reaching(host) });
  expect(await wholeHost(host)).toBe(before);
  return messageOf(done);
}

describe('inputs', () => {
  test(
    'one that is not known: dry_run must not deploy production',
    async () => {
      expect(await refused({ inputs: { dry_run: 'true' } })).toBe('unknown input "dry_run"; did you mean "dry-run"?');
    },
    PATIENCE,
  );

  test(
    'several mistakes are told at once',
    async () => {
      const message = await refused({
        inputs: { dry_run: 'true', operation: 'depoly', 'lock-timeout': 'soon', sudo: 'yes' },
      });
      expect(message).toMatch(/^4 problems:\n/);
      expect(message).toContain('- unknown input "dry_run"; did you mean "dry-run"?');
      expect(message).toContain('- operation must be deploy or plan or remove, not "depoly"; did you mean "deploy"?');
      expect(message).toContain('- lock-timeout must be a duration such as 90s or 10m, not "soon"');
      expect(message).toContain('- sudo must be true or false, not "yes"');
    },
    PATIENCE,
  );

  test(
    'an environment that is not in the config, and none where there are several',
    async () => {
      const files = { 'homeport.yml': `${config}environments:\n  production: {}\n  staging: {}\n` };
      expect(await refused({ files, inputs: { environment: 'producton' } })).toMatch(
        /^homeport\.yml:5:1: unknown environment "producton"; did you mean "production"\? \(there are: production, staging\)$/,
      );
      expect(await refused({ files })).toMatch(
        /^homeport\.yml:5:1: there are several environments: name one .*production, staging/,
      );
      expect(await refused({ inputs: { environment: 'production' } })).toBe(
        'homeport.yml:1:1: unknown environment "production"; the config has no environments',
      );
    },
    PATIENCE,
  );

  test(
    'values that are none of a stack: the line is named, the value is not',
    async () => {
      const message = await refused({
        inputs: { env: "GOOD=1\nthis is no line of a dotenv file: hunter2hunter2\nOPEN='never closed" },
      });
      expect(message).toMatch(/the input env, line 2/);
      expect(message).toMatch(/the input env, line 3.*OPEN/);
      expect(message).not.toContain('hunter2');
    },
    PATIENCE,
  );
});

describe('empty secrets', () => {
  test(
    'a run for a fork is told that GitHub gives it none',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'homeport-event-'));
      const event = join(folder, 'event.json');
      await writeFile(event, JSON.stringify({ pull_request: { head: { repo: { full_name: 'mallory/shop' } } } }));
      try {
        const message = await refused({
          inputs: { 'ssh-private-key': '' },
          env: { GITHUB_EVENT_NAME: 'pull_request', GITHUB_EVENT_PATH: event },
        });
        expect(message).toMatch(
          /^ssh-private-key is empty: this run is for a pull request from a fork \(mallory\/shop\)/,
        );
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    PATIENCE,
  );

  test(
    'a key that is empty for another reason',
    async () => {
      const message = await refused({ inputs: { 'ssh-private-key': '' } });
      expect(message).toMatch(
        /did not let us in with no key and no agent.*ssh-private-key \(if you did, its secret is empty here/,
      );
    },
    PATIENCE,
  );

  test(
    'the password of a registry, and a variable that a secret manager should have set',
    async () => {
      const message = await refused({
        inputs: { registries: 'ghcr.io octocat \nghcr.example octocat', 'env-names': 'DATABASE_URL, STRIPE_*, EMPTY' },
        env: { EMPTY: '' },
      });
      expect(message).toMatch(/^5 problems:\n/);
      expect(message).toMatch(/registries, line 1: .*is its secret empty\?/);
      expect(message).toMatch(/registries, line 2: .*is its secret empty\?/);
      expect(message).toMatch(/env-names: DATABASE_URL is not in the step's environment/);
      expect(message).toMatch(/env-names: nothing in the step's environment fits STRIPE_\*/);
      expect(message).toMatch(/env-names: EMPTY is empty in the step's environment/);
    },
    PATIENCE,
  );
});

describe('slips in the compose file', () => {
  const withMount = (mount: string): string => `${compose}    volumes: ["${mount}", "./data:/data"]\n`;

  test(
    'a secret that is empty where the file takes it as it is; one that nobody sets is a warning at its place',
    async () => {
      const files = { 'docker-compose.yml': compose.replace('hello', '"${GREETING}"') };
      expect(await refused({ files, inputs: { env: 'GREETING=\nOTHER=x\n' } })).toMatch(
        /^docker-compose\.yml:4:29: GREETING is empty in the input env: is its secret set/,
      );
      expect(await refused({ inputs: { env: ' \n' } })).toMatch(/^env is given but blank: is its secret set/);
      await using own = await Checkout.make({ ...files, 'homeport.yml': config });
      const plan = await runAction({ checkout: own, inputs: { ...reaching(host), operation: 'plan' } });
      expect({ log: plan.log, result: plan.outputs['result'] }).toEqual({ log: plan.log, result: 'planned' });
      expect(plan.log).toMatch(
        /^::warning title=Homeport,file=docker-compose\.yml,line=4,col=29::.*GREETING is not set/m,
      );
      expect(plan.summary).toContain('GREETING is not set');
    },
    PATIENCE,
  );

  test(
    'a bind of a file that neither checkout nor host has, with the name that may be meant; a data folder is fine',
    async () => {
      const files = { 'docker-compose.yml': withMount('./motd.tx:/etc/motd.txt'), 'motd.txt': 'hello\n' };
      const message = await refused({
        files: {
          ...files,
          'docker-compose.yml': `${withMount('./mtod.txt:/etc/motd.txt')}    secrets: [used]\nsecrets: {used: {file: ./nope}, unused: {file: ./none}}\n`,
        },
      });
      expect(message).toMatch(
        /docker-compose\.yml:6:15: web binds \.\/mtod\.txt, which is neither in the checkout nor in \/srv\/shop on the host: did you mean \.\/motd\.txt\?/,
      );
      expect(message).toMatch(
        /docker-compose\.yml:8:24: the secret \.\/nope is neither in the checkout nor in \/srv\/shop/,
      );
      expect(message).not.toContain('./none');
      await using own = await Checkout.make({ 'homeport.yml': config, ...files });
      const plan = await runAction({ checkout: own, inputs: { ...reaching(host), operation: 'plan' } });
      expect({ log: plan.log, result: plan.outputs['result'] }).toEqual({ log: plan.log, result: 'planned' });
      expect(plan.log).toMatch(/^::warning .*line=6,col=15::.*did you mean \.\/motd\.txt\?/m);
      expect(plan.log).not.toContain('./data');
    },
    PATIENCE,
  );

  test(
    'with a working-directory: places as they are seen from the root of the repository',
    async () => {
      await using own = await Checkout.make({
        'apps/shop/homeport.yml': config,
        'apps/shop/docker-compose.yml': compose.replace('hello', '"${GREETING:?}"'),
      });
      const inputs = { ...reaching(host), 'working-directory': 'apps/shop' };
      const done = await runAction({ checkout: own, inputs });
      expect(messageOf(done)).toMatch(/^apps\/shop\/docker-compose\.yml:4:29: required variable GREETING/);
      expect(done.log).toMatch(/^::error title=Homeport,file=apps\/shop\/docker-compose\.yml,line=4,col=29::/m);
      await own.remove('apps/shop/docker-compose.yml');
      expect(messageOf(await runAction({ checkout: own, inputs }))).toMatch(/^there is no compose file in apps\/shop:/);
    },
    PATIENCE,
  );
});

describe('host keys', () => {
  test(
    'none: the line to paste is printed and, pasted, works',
    async () => {
      const message = await refused({ inputs: { 'known-hosts': undefined } });
      expect(message).toMatch(/^known-hosts is empty/);
      const line = message.trim().split('\n').at(-1) ?? '';
      expect(line).toBe(host.knownHosts);
      const done = await runAction({ checkout, inputs: { ...reaching(host), 'known-hosts': line } });
      expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'unchanged' });
    },
    PATIENCE,
  );

  test(
    'of another host, as a line and as a fingerprint',
    async () => {
      const line = host.knownHosts.replace(host.hostKey, dockerless.hostKey);
      const changed = await refused({ inputs: { 'known-hosts': line } });
      expect(changed).toMatch(
        /^the host key of \S+ is not the one in known-hosts: the host was set up anew, or someone is in between/,
      );
      expect(changed).toContain(host.knownHosts);
      const fingerprint = await refused({
        inputs: { 'known-hosts': 'SHA256:0000000000000000000000000000000000000000000' },
      });
      expect(fingerprint).toMatch(/has no host key of the fingerprint in known-hosts/);
      expect(fingerprint).toContain(host.knownHosts);
    },
    PATIENCE,
  );
});

describe('private keys', () => {
  test(
    'one that the host does not know',
    async () => {
      const { privateKey } = await newKey();
      expect(await refused({ inputs: { 'ssh-private-key': privateKey } })).toMatch(
        /^deploy@127\.0\.0\.1:\d+ did not let us in with key SHA256:\S+ \(ssh-ed25519\).*authorized_keys/s,
      );
    },
    PATIENCE,
  );

  test(
    'an encrypted one without its passphrase, or with another',
    async () => {
      const { privateKey } = await newKey('correct horse');
      expect(await refused({ inputs: { 'ssh-private-key': privateKey } })).toMatch(
        /^ssh-private-key is encrypted: give its passphrase/,
      );
      const wrong = { 'ssh-private-key': privateKey, 'ssh-passphrase': 'wrong horse' };
      expect(await refused({ inputs: wrong })).toBe('ssh-passphrase is not the passphrase of ssh-private-key');
    },
    PATIENCE,
  );

  test(
    'half of one',
    async () => {
      const half = host.privateKey.split('\n').slice(0, 3).join('\n');
      expect(await refused({ inputs: { 'ssh-private-key': half } })).toMatch(
        /^ssh-private-key .*(damaged|last line|whole)/,
      );
    },
    PATIENCE,
  );
});

describe('hosts that do not answer', () => {
  let silent: Server;
  beforeAll(async () => {
    silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void silent.close());

  test.each<[string, () => Promise<string>, RegExp]>([
    [
      'nobody listens',
      async () => `deploy@127.0.0.1:${await freePort()}`,
      /refuses connections.*Given up after .*connect-timeout/,
    ],
    [
      'a name that is none',
      () => Promise.resolve('deploy@nowhere.invalid'),
      /the name of deploy@nowhere\.invalid cannot be resolved/,
    ],
    [
      'no SSH server',
      () => Promise.resolve(`deploy@127.0.0.1:${(silent.address() as AddressInfo).port}`),
      /Given up after .*connect-timeout/,
    ],
  ])(
    '%s',
    async (_name, destination, message) => {
      const begun = Date.now();
      const given = { host: await destination(), 'known-hosts': host.hostKey, 'connect-timeout': '3s' };
      expect(await refused({ inputs: given })).toMatch(message);
      // Its own limit, and time for a machine that has other work.
      expect(Date.now() - begun).toBeLessThan(30_000);
    },
    PATIENCE,
  );
});

describe('the checkout', () => {
  test(
    'keys that the config does not know, each with its place and the nearest',
    async () => {
      const files = { 'homeport.yml': `${config.replace('stable', 'stabel')}hoks:\n  before-switch: []\n` };
      const message = await refused({ files });
      expect(message).toMatch(/^2 problems:\n/);
      expect(message).toMatch(/homeport\.yml:4:\d+: .*"?stabel"?.*stable/);
      expect(message).toMatch(/homeport\.yml:5:1: .*"?hoks"?.*hooks/);
    },
    PATIENCE,
  );

  test(
    'and they are annotations',
    async () => {
      await using own = await Checkout.make({ 'docker-compose.yml': compose, 'homeport.yml': `${config}hoks: {}\n` });
      const done = await runAction({ checkout: own, inputs: reaching(host) });
      expect(done.log).toMatch(/^::error title=Homeport,file=homeport\.yml,line=5,col=1::.*hooks/m);
    },
    PATIENCE,
  );

  test(
    'no compose file, and one that is named and missing',
    async () => {
      expect(await without('docker-compose.yml')).toMatch(/^there is no compose file in .*docker-compose\.yml/);
      expect(await refused({ inputs: { 'compose-files': 'docker-compose.yml, compose.prod.yml' } })).toMatch(
        /^there is no compose file compose\.prod\.yml in the checkout/,
      );
    },
    PATIENCE,
  );

  test(
    'a config that is named and missing',
    async () => {
      expect(await refused({ inputs: { config: 'deploy/homeport.yml' } })).toMatch(
        /^config: there is no file "deploy\/homeport\.yml"/,
      );
    },
    PATIENCE,
  );

  test(
    'variables that must be there',
    async () => {
      const files = {
        'docker-compose.yml': compose
          .replace('hello', '"${GREETING:?say something}"')
          .concat('    command: ["${WHAT?}"]\n'),
      };
      const message = await refused({ files });
      expect(message).toMatch(/^2 problems:\n/);
      expect(message).toMatch(/docker-compose\.yml:4:\d+: .*GREETING.*say something/);
      expect(message).toMatch(/docker-compose\.yml:6:\d+: .*WHAT/);
    },
    PATIENCE,
  );

  test(
    'a compose file that is no YAML, and one that Compose refuses',
    async () => {
      expect(await refused({ files: { 'docker-compose.yml': 'services:\n  web: {image: "acme/web:v1\n' } })).toMatch(
        /docker-compose\.yml:\d+:\d+: /,
      );
      const message = await refused({
        files: { 'docker-compose.yml': compose.replace('stop_grace_period', 'stop_grace') },
      });
      expect(message).toMatch(/^stage: Compose refuses the stack: .*stop_grace/);
      expect(message).not.toContain('.homeport');
    },
    PATIENCE,
  );

  test(
    'an image that does not exist',
    async () => {
      const message = await refused({ files: { 'docker-compose.yml': compose.replace('web:v1', 'web:never') } });
      expect(message).toMatch(/^plan: image acme\/web:never was not found/);
    },
    PATIENCE,
  );
});

describe('hosts that are not ready', () => {
  test(
    'a path that is not writable, and one that is a file',
    async () => {
      expect(await refused({ inputs: { path: '/opt/shop' } })).toMatch(
        /\/opt\/shop cannot be made by deploy \(in \/opt\).*install -d -o deploy \/opt\/shop/,
      );
      expect(await refused({ inputs: { path: '/etc/hostname/shop' } })).toMatch(/\/etc\/hostname is a file/);
    },
    PATIENCE,
  );

  test(
    'no Docker, and the path not writable: both at once',
    async () => {
      expect(await refused({ on: dockerless })).toMatch(/has no Docker .*install Docker Engine/);
      const both = await refused({ on: dockerless, inputs: { path: '/opt/shop' } });
      expect(both).toMatch(/^2 problems:\n/);
      expect(both).toMatch(/has no Docker/);
      expect(both).toMatch(/\/opt\/shop cannot be made/);
    },
    PATIENCE,
  );

  test(
    'no permission on the Docker socket, and none for sudo',
    async () => {
      expect(await refused({ on: closed })).toMatch(
        /^deploy may not use the Docker socket on .*usermod -aG docker deploy.*sudo: true/,
      );
      expect(await refused({ on: closed, inputs: { sudo: 'true' } })).toMatch(
        /deploy may not run `sudo -n docker` .*sudoers/,
      );
    },
    PATIENCE,
  );

  test(
    'a stack of this name that runs from elsewhere',
    async () => {
      const done = await deploy(host, checkout, { path: '/srv/other' });
      expect(messageOf(done)).toMatch(/a project named shop runs from another folder, \/srv\/shop/);
      expect(await host.exec('test -e /srv/other')).toMatchObject({ status: 1 });
    },
    PATIENCE,
  );

  test(
    'an engine that is down',
    async () => {
      await host.stopDocker();
      try {
        expect(await refused({})).toMatch(/^the Docker Engine on .* does not answer: start it/);
      } finally {
        await host.startDocker();
      }
    },
    PATIENCE,
  );
});
