// Secrets: seen by nobody on the way, and in the container exactly as they were given. On both generations.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newKey, startHost, type TestHost } from '../hosts/host.js';
import { runId } from '../hosts/rig.js';
import { startPrivateRegistry, type OwnRegistry } from '../hosts/registry.js';
import { reaching, runAction, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { causeOf, generations, PATIENCE, together } from './support/scene.js';
import { ids, snapshot } from './support/snapshot.js';
import { watchHost, watchRunner, type Watch } from './support/watch.js';

const config = 'homeport: 1\nproject: shop\npath: /srv/shop\nhealth: {timeout: 60s, stable: 0s}\n';

let hosts: readonly TestHost[] = [];
let registry: OwnRegistry;

/** Of this run only: the same test may run elsewhere on the machine, and it gives its own secrets to its tools in words. */
const canary = (name: string): string => `CANARY${name}${runId.replace('-', '')}`;
/** The core of each secret is what nobody may see; what is around it is what makes secrets hard to quote. */
const core = {
  passphrase: canary('PASSPHRASE'),
  password: canary('REGISTRY'),
  env: canary('ENVTEXT'),
  lines: canary('SECONDLINE'),
  named: canary('ENVNAME'),
  token: canary('BUILDARG'),
  file: canary('ENVFILE'),
};
const secret = {
  passphrase: `${core.passphrase} it's "a" $phrase\\`,
  password: `${core.password}$$'"x\\`,
  env: `${core.env} with $HOME, 'quotes', "more" and a \\`,
  lines: `first line 4711\n${core.lines} with $x\nlast line 4712`,
  named: `${core.named}'s $(id) \`id\` "&<>`,
  token: `${core.token}-$1-"'`,
  file: `${core.file}{{.x}}%0A`,
};
const login = { user: 'robot', password: secret.password };
const CONTROL = canary('CONTROL');
/** Made before anyone looks: ssh-keygen takes the passphrase as an argument. */
const keys = new Map<TestHost, Awaited<ReturnType<typeof newKey>>>();

beforeAll(async () => {
  registry = await startPrivateRegistry(login);
  const [started] = await Promise.all([
    Promise.all(generations.map(async (generation) => startHost(generation))),
    registry.push('web-v1', 'acme/private:v1'),
  ]);
  hosts = started;
  await together(
    hosts.map((host) => async () => {
      const key = await newKey(secret.passphrase);
      keys.set(host, key);
      await host.sh('cat >>~/.ssh/authorized_keys', { input: `${key.publicKey}\n` });
    }),
  );
  await together(
    hosts.map((host) => async () => (host.generation === 'bookworm' ? trust(host, registry.name) : undefined)),
  );
}, PATIENCE);

afterAll(async () => {
  await Promise.all([...hosts.map(async (host) => host.remove()), registry.dispose()]);
}, PATIENCE);

function onEach(name: string, work: (host: TestHost) => Promise<void>): void {
  test(name, async () => together(hosts.map((host) => async () => work(host))), PATIENCE);
}

describe('canaries', () => {
  interface Telling {
    readonly health?: 'ok' | 'never';
    readonly build?: string;
    readonly port?: string;
  }

  /** A stack that tells its secrets to whoever listens. */
  const stack = ({ health = 'ok', build = 'true', port = '127.0.0.1::8080' }: Telling): Record<string, string> => ({
    'docker-compose.yml': JSON.stringify({
      services: {
        web: {
          image: `${registry.name}/acme/private:v1`,
          environment: { SECRET: '${SECRET}', LINES: '${LINES}', NAMED: '${NAMED}', HEALTH: health },
          command: [
            'sh',
            '-c',
            'echo "told: $$SECRET $$NAMED"; echo "$$LINES"; echo "$$SECRET" | base64 | tr -d "\\n"; echo; exec app',
          ],
          healthcheck: { test: ['CMD', 'healthy'], interval: '1s', timeout: '10s', retries: 2 },
          ports: [port],
          env_file: ['.env.production'],
        },
        built: {
          build: { context: 'app', args: { TOKEN: '${TOKEN}' } },
          command: ['sleep', 'infinity'],
          stop_grace_period: '0s',
        },
      },
    }),
    'app/Dockerfile': `FROM ${registry.name}/acme/private:v1\nARG TOKEN\nRUN echo "told: $TOKEN" && ${build}\n`,
    '.env.production': `FROM_FILE='${secret.file}'\n`,
    'homeport.yml': `${config}env-file: .env.production\n`,
  });

  interface Seen {
    readonly done: ActionResult;
    readonly sightings: readonly string[];
  }

  async function watched(
    host: TestHost,
    telling: Telling,
    inputs: Readonly<Record<string, string>> = {},
  ): Promise<Seen> {
    const privateKey = keys.get(host)?.privateKey ?? '';
    const [checkout, temp, home] = await Promise.all([
      Checkout.make(stack(telling)),
      mkdtemp(join(tmpdir(), 'homeport-test-temp-')),
      mkdtemp(join(tmpdir(), 'homeport-test-home-')),
    ]);
    try {
      await Promise.all([chmod(temp, 0o755), chmod(home, 0o755)]);
      const keyLine = privateKey.split('\n')[3] ?? '';
      const basic = Buffer.from(`${login.user}:${login.password}`).toString('base64');
      const words = [
        ...Object.values(core),
        ...[...Object.values(secret), secret.password].map(base64),
        basic,
        keyLine,
        CONTROL,
      ];
      const watches: Watch[] = [await watchHost(host, words), watchRunner(words, [temp, home], [tmpdir()])];
      const endControl = await showControl(host, temp);
      const done = await runAction({
        checkout,
        env: { RUNNER_TEMP: temp, HOME: home, NAMED: secret.named },
        inputs: {
          ...reaching(host),
          'ssh-private-key': privateKey,
          'ssh-passphrase': secret.passphrase,
          registries: `${registry.name} ${login.user} ${login.password}`,
          env: `SECRET=${doubleQuoted(secret.env)}\nLINES=${doubleQuoted(secret.lines)}\nTOKEN=${doubleQuoted(secret.token)}\n`,
          'env-names': 'NAMED',
          ...inputs,
        },
      });
      const sightings = (await Promise.all(watches.map(async (watch) => watch.stop()))).flat();
      await endControl();
      // The lookouts see, or their silence would mean nothing.
      for (const where of ['argv', 'file']) {
        expect(
          sightings.filter((line) => line.startsWith(where) && line.includes(CONTROL)).length,
        ).toBeGreaterThanOrEqual(2);
      }
      const found = sightings.filter((line) => !line.includes(CONTROL));
      for (const [name, text] of Object.entries(told(done))) {
        found.push(...words.filter((word) => text.includes(word)).map((word) => `${name}: ${around(text, word)}`));
      }
      return { done, sightings: found };
    } finally {
      await Promise.all([
        checkout[Symbol.asyncDispose](),
        rm(temp, { recursive: true }),
        rm(home, { recursive: true }),
      ]);
    }
  }

  onEach('a deploy that builds, pulls from a private registry and starts', async (host) => {
    const { done, sightings } = await watched(host, {});
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'deployed' });
    expect(sightings).toEqual([]);
    const { containers } = await snapshot(host);
    expect(containers['shop-web-1']?.env).toEqual(
      expect.arrayContaining([
        `SECRET=${secret.env}`,
        `LINES=${secret.lines}`,
        `NAMED=${secret.named}`,
        `FROM_FILE=${secret.file}`,
      ]),
    );
    expect(done.log).toContain('told: ***');
    expect(await host.sh('cat ~/.docker/config.json 2>/dev/null || echo none')).toBe('none');
  });

  onEach('a deploy that fails, whose container tells its secrets in its log', async (host) => {
    const { done, sightings } = await watched(host, { health: 'never' });
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'rolled-back' });
    expect(sightings).toEqual([]);
    expect(done.log).toContain('told: ***');
    expect(done.summary).toContain('told: ***');
  });

  onEach('a build that fails after it told its argument', async (host) => {
    const { done, sightings } = await watched(host, { build: 'echo "again: $TOKEN" >&2 && false' });
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'failed' });
    expect(sightings).toEqual([]);
    expect(done.log).toContain('again: ***');
  });

  onEach('a stack that Compose refuses because of a value, which it shows; and a plan', async (host) => {
    const { done, sightings } = await watched(host, { port: '${SECRET}' });
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result: 'failed' });
    expect(sightings).toEqual([]);
    expect(causeOf(done)).toMatch(/^stage: Compose refuses the stack/);
    const plan = await watched(host, { health: 'never' }, { operation: 'plan' });
    expect({ log: plan.done.log, result: plan.done.outputs['result'] }).toEqual({
      log: plan.done.log,
      result: 'planned',
    });
    expect(plan.sightings).toEqual([]);
  });
});

describe('values arrive as written', () => {
  const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
  const values: Readonly<Record<string, string>> = {
    PRINTABLE: printable,
    DOLLARS: 'a$b ${c} $$ ${d:-e} $(id) $1 \\$f',
    QUOTES: `'single' "double" \`back\` ''`,
    APOSTROPHE_AND_DOLLAR: `it's $5`,
    BACKSLASHES: 'C:\\new\\table \\\\ \\n \\',
    NEWLINES: 'first\nsecond\n\nfourth',
    KEY: '-----BEGIN PRIVATE KEY-----\nMIIE+/=\n-----END PRIVATE KEY-----\n',
    UNICODE: 'grüße 世界 🚢 \u00a0 é e\u0301',
    HASHES: 'a # b #c',
    BLANKS: '  around  ',
    TAB: 'a\tb',
    EQUALS: '=a=b==',
    JSON_TEXT: '{"a": ["$b", \'c\'], "d": "\\\\e"}',
    PERCENT: '%s %0A 100%',
    FALSEHOOD: 'no',
  };
  const names = Object.keys(values);
  const compose = `services:
  through:
    image: acme/web:v1
    environment: [${names.join(', ')}]
  laid:
    image: acme/web:v1
    environment:
${names.map((name) => `      LAID_${name}: "\${${name}}"\n`).join('')}  reading:
    image: acme/web:v1
    env_file: .env
  filed:
    image: acme/web:v1
    env_file: [.env.production]
`;
  const expected = (prefix = ''): string[] => names.map((name) => `${prefix}${name}=${values[name] ?? ''}`);

  async function arrives(
    host: TestHost,
    inputs: Readonly<Record<string, string>>,
    more: { env?: Record<string, string>; file?: string },
  ): Promise<void> {
    await using checkout = await Checkout.make({ 'docker-compose.yml': compose, '.env.production': more.file ?? '' });
    const done = await runAction({
      checkout,
      env: more.env ?? {},
      inputs: { ...reaching(host), config: `${config}env-file: .env.production\n`, ...inputs },
    });
    expect({ log: done.log, status: done.status }).toEqual({ log: done.log, status: 0 });
    const taken = await snapshot(host);
    const envOf = (service: string): readonly string[] => taken.containers[`shop-${service}-1`]?.env ?? [];
    expect(envOf('through')).toEqual(expect.arrayContaining(expected()));
    expect(envOf('laid')).toEqual(expect.arrayContaining(expected('LAID_')));
    expect(envOf('reading')).toEqual(expect.arrayContaining(expected()));
    expect(envOf('filed')).toEqual(expect.arrayContaining(expected()));
    const said = await host.sh('cd /srv/shop && docker compose up -d 2>&1');
    expect({ said, ids: ids(await snapshot(host)) }).toEqual({ said, ids: ids(taken) });
  }

  const dotenv = names.map((name) => `${name}=${doubleQuoted(values[name] ?? '')}\n`).join('');

  onEach('from the input env', async (host) => {
    await arrives(host, { env: dotenv }, {});
    expect(await host.sh('stat -c %a /srv/shop/.env /srv/shop/.env.production')).toBe('600\n600');
    // What the process itself has, and not only what was asked for.
    const own = await host.sh('docker exec shop-through-1 env -0 | base64 -w0');
    const process = Buffer.from(own, 'base64').toString().split('\0');
    expect(process).toEqual(expect.arrayContaining(expected()));
  });

  onEach('from the step, literally, over what the file has', async (host) => {
    const file = dotenv.replace(/^UNICODE=.*$/m, 'UNICODE=of the file');
    await arrives(host, { 'env-names': names.join(', ') }, { env: { ...values }, file });
  });

  onEach('from the file in the checkout', async (host) => {
    await arrives(host, {}, { file: dotenv });
  });

  onEach('as people write them, without quotes', async (host) => {
    await using checkout = await Checkout.make({
      'docker-compose.yml': 'services: {web: {image: "acme/web:v1", env_file: .env}}\n',
    });
    const env = `export RAW=pa$$w0rd$x\${y}#z\\n # a comment\r\nSINGLE='$literal \\n "x"' # and one here\r\nURL=postgres://u:p%40$s@db/x?a=b&c=d\n`;
    const done = await runAction({ checkout, inputs: { ...reaching(host), config, env } });
    expect({ log: done.log, status: done.status }).toEqual({ log: done.log, status: 0 });
    const { containers } = await snapshot(host);
    expect(containers['shop-web-1']?.env).toEqual(
      expect.arrayContaining([
        `RAW=pa$$w0rd$x\${y}#z\\n`,
        `SINGLE=$literal \\n "x"`,
        `URL=postgres://u:p%40$s@db/x?a=b&c=d`,
      ]),
    );
  });
});

/** As Compose's own documentation has it; a dollar is a dollar here. */
function doubleQuoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** BuildKit in Docker 20.10 knows a registry without TLS only by its whole address. */
async function trust(host: TestHost, name: string): Promise<void> {
  await host.sh(`sed -i 's/"insecure-registries": \\[/&"http:\\/\\/${name}", /' /etc/docker/daemon.json`, {
    user: 'root',
  });
  await host.stopDocker();
  await host.startDocker();
}

const base64 = (text: string): string => Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -1);

/** Everything that a run tells, but for the masks, which the runner keeps to itself. */
function told({ log, outputs, summary, report }: ActionResult): Record<string, string> {
  const printed = log
    .split('\n')
    .filter((line) => !line.startsWith('::add-mask::'))
    .join('\n');
  return { log: printed, outputs: JSON.stringify(outputs), summary, report };
}

function around(text: string, word: string): string {
  const at = text.indexOf(word);
  return text.slice(Math.max(0, at - 80), at + 100);
}

/** A word in an argument and in an open file, for the lookouts of the host and of the runner to find. Answers how to end it. */
async function showControl(host: TestHost, temp: string): Promise<() => Promise<void>> {
  await host.sh(
    `echo ${CONTROL} >/tmp/control; sh -c 'while [ -e /tmp/control ]; do sleep 0.2; done; : ${CONTROL}' >/dev/null 2>&1 &`,
  );
  await writeFile(join(temp, 'control'), CONTROL, { mode: 0o644 });
  const here = spawn('sh', ['-c', `read -r end; : ${CONTROL}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  return async () => {
    here.stdin.end();
    await host.sh('rm /tmp/control');
  };
}
