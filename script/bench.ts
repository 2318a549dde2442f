// The whole deploy against the script that teams have today, on the same host, in turns, in the same run; and where the
// time goes. Ratios count, seconds are this machine's. `--rounds N` (3), `--generation sid|bookworm` (sid).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startHost, type Generation, type TestHost } from '../test/hosts/host.js';
import { repositoryRoot } from '../test/hosts/rig.js';
import { deploy } from '../test/e2e/support/action.js';
import { Checkout } from '../test/e2e/support/checkout.js';

type Side = 'homeport' | 'script';
type Case = 'first' | 'unchanged' | 'changed';

interface Sample {
  readonly seconds: number;
  readonly failed: number;
  /** Longest time without an answer, in seconds. */
  readonly gap: number;
  readonly phases?: readonly { readonly name: string; readonly duration: number }[];
  readonly sessions?: number;
  readonly megabytes?: number;
}

const PORT = 8080;

/** Five services, as a small shop has them. */
const stack = (version: string): Record<string, string> => ({
  'docker-compose.yml': `services:
  db:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: "\${DB_PASSWORD}"}
    volumes: ["db:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD-SHELL, pg_isready -U postgres], interval: 1s, retries: 60}
  cache:
    image: redis:7
    healthcheck: {test: [CMD, redis-cli, ping], interval: 1s, retries: 30}
  web:
    image: acme/web:${version}
    environment: {START_SECONDS: "1", DATABASE_URL: "postgres://postgres:\${DB_PASSWORD}@db/postgres"}
    depends_on: {db: {condition: service_healthy}, cache: {condition: service_healthy}}
    healthcheck: {test: [CMD, healthy], interval: 1s, retries: 30}
  worker:
    image: acme/web:v1
    environment: {DATABASE_URL: "postgres://postgres:\${DB_PASSWORD}@db/postgres"}
    depends_on: {db: {condition: service_healthy}}
  proxy:
    image: nginx:1
    ports: ["${PORT}:80"]
    volumes: ["./nginx/default.conf:/etc/nginx/conf.d/default.conf:ro"]
    depends_on: [web]
volumes: {db: {}}
`,
  // A variable upstream is asked of Docker's resolver again: a static one keeps the address of a container that is gone.
  'nginx/default.conf': `server {
  listen 80;
  resolver 127.0.0.11 valid=1s;
  location / { set $web web; proxy_pass http://$web:8080; proxy_connect_timeout 1s; }
}
`,
});

const ENV = 'DB_PASSWORD=correct-horse-battery\n';

class Probe {
  #answered: number[] = [];
  #failed = 0;
  readonly #started = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(port: number) {
    this.#timer = setInterval(() => {
      const request = get({ host: '127.0.0.1', port, path: '/version', timeout: 2000, agent: false }, (response) => {
        response.resume();
        if (response.statusCode === 200) this.#answered.push(performance.now());
        else this.#failed += 1;
      });
      request.on('timeout', () => request.destroy(new Error('timeout')));
      request.on('error', () => (this.#failed += 1));
    }, 20);
  }

  stop(): { failed: number; gap: number } {
    clearInterval(this.#timer);
    const times = [this.#started, ...this.#answered, performance.now()];
    const gap = Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)));
    return { failed: this.#failed, gap: gap / 1000 };
  }
}

async function homeport(host: TestHost, checkout: Checkout): Promise<Omit<Sample, 'seconds' | 'failed' | 'gap'>> {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  const result = await deploy(
    host,
    checkout,
    { env: ENV, config: 'homeport: 1\nproject: shop\npath: /srv/shop\nhealth: {stable: 0s}\n' },
    {
      onStart: ({ pid }) => {
        timer = setInterval(() => {
          peak = Math.max(peak, residentMegabytes(pid ?? 0));
        }, 20);
      },
    },
  );
  clearInterval(timer);
  if (result.status !== 0) throw new Error(`homeport failed:\n${result.log}`);
  const { result: report } = JSON.parse(result.report) as {
    result: { phases: { name: string; duration: number }[]; sessions: number };
  };
  return { phases: report.phases, sessions: report.sessions, megabytes: peak };
}

function residentMegabytes(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** `tar | ssh`, `.env` by ssh, pull and up by ssh: three calls. */
async function plainScript(host: TestHost, checkout: Checkout, key: string): Promise<Partial<Sample>> {
  const ssh = `ssh -p ${host.port} -i ${key} -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile=${key}.hosts -o IdentitiesOnly=yes deploy@127.0.0.1`;
  await bash(
    `tar -C ${checkout.folder} -cf - . | ${ssh} 'mkdir -p /srv/shop && tar -xf - -C /srv/shop'
printf %s "$ENV" | ${ssh} 'umask 077; cat >/srv/shop/.env'
${ssh} 'cd /srv/shop && docker compose pull -q && docker compose up -d --wait'`,
  );
  return {};
}

async function bash(script: string): Promise<void> {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ENV },
  });
  let output = '';
  child.stdout.on('data', (part: Buffer) => (output += part.toString()));
  child.stderr.on('data', (part: Buffer) => (output += part.toString()));
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (status !== 0) throw new Error(`the script failed (${String(status)}):\n${output}`);
}

/** Nothing of a stack is left, images neither: a first deploy is one. */
async function emptied(host: TestHost): Promise<void> {
  await host.sh(
    'cd /srv && docker ps -aq | xargs -r docker rm -f -v >/dev/null; docker system prune -af --volumes >/dev/null; docker volume ls -q | xargs -r docker volume rm >/dev/null; rm -rf /srv/shop',
  );
}

async function measure(host: TestHost, work: () => Promise<Partial<Sample>>): Promise<Sample> {
  const probe = new Probe(host.published(PORT));
  const started = performance.now();
  const more = await work();
  const seconds = (performance.now() - started) / 1000;
  return { seconds, ...probe.stop(), ...more };
}

async function round(host: TestHost, side: Side, key: string): Promise<Record<Case, Sample>> {
  await emptied(host);
  await using checkout = await Checkout.make(stack('v1'));
  const run = async (): Promise<Sample> =>
    measure(host, async () => (side === 'homeport' ? homeport(host, checkout) : plainScript(host, checkout, key)));
  const first = await run();
  const unchanged = await run();
  await checkout.write(stack('v2'));
  const changed = await run();
  return { first, unchanged, changed };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** How long the bundle takes until it runs: an unknown input ends it at once; a bare node is taken off. */
async function loadMilliseconds(): Promise<number> {
  const node = process.env['HOMEPORT_NODE24'] ?? 'node';
  const timed = async (argv: readonly string[], env: Record<string, string>): Promise<number> => {
    const started = performance.now();
    await new Promise((resolve) =>
      spawn(node, argv, { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '', ...env } }).on('close', resolve),
    );
    return performance.now() - started;
  };
  const bundle: number[] = [];
  const bare: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    bundle.push(await timed([join(repositoryRoot(), 'action-deploy/dist/index.js')], { INPUT_NO_SUCH_INPUT: 'x' }));
    bare.push(await timed(['-e', '0'], {}));
  }
  return median(bundle) - median(bare);
}

function print(samples: Record<Side, Record<Case, Sample[]>>): void {
  const cases: Case[] = ['first', 'unchanged', 'changed'];
  console.log('case        homeport   script    ratio   failed requests (homeport / script)   longest gap');
  for (const name of cases) {
    const figure = (side: Side, pick: (sample: Sample) => number): number => median(samples[side][name].map(pick));
    const [ours, theirs] = [figure('homeport', (one) => one.seconds), figure('script', (one) => one.seconds)];
    console.log(
      `${name.padEnd(10)} ${ours.toFixed(2).padStart(7)} s ${theirs.toFixed(2).padStart(7)} s ${(ours / theirs).toFixed(2).padStart(7)}` +
        `   ${figure('homeport', (one) => one.failed)} / ${figure('script', (one) => one.failed)}`.padEnd(40) +
        `${figure('homeport', (one) => one.gap).toFixed(2)} s / ${figure('script', (one) => one.gap).toFixed(2)} s`,
    );
  }
  for (const name of cases) {
    const names = samples.homeport[name][0]?.phases?.map((phase) => phase.name) ?? [];
    const times = names.map(
      (phase) =>
        `${phase} ${median(samples.homeport[name].map((one) => one.phases?.find((other) => other.name === phase)?.duration ?? 0))}`,
    );
    const sessions = median(samples.homeport[name].map((one) => one.sessions ?? 0));
    console.log(
      `${name}: ${times.join(', ')} ms; ${sessions} sessions; ${median(samples.homeport[name].map((one) => one.megabytes ?? 0)).toFixed(0)} MB`,
    );
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { rounds: { type: 'string', default: '3' }, generation: { type: 'string', default: 'sid' } },
  });
  await using host = await startHost(values.generation === 'bookworm' ? 'bookworm' : ('sid' satisfies Generation), {
    publish: [PORT],
  });
  const folder = await mkdtemp(join(tmpdir(), 'homeport-bench-'));
  const key = join(folder, 'key');
  await writeFile(key, host.privateKey);
  await chmod(key, 0o600);
  await writeFile(`${key}.hosts`, `${host.knownHosts}\n`);
  const empty = (): Record<Case, Sample[]> => ({ first: [], unchanged: [], changed: [] });
  const samples: Record<Side, Record<Case, Sample[]>> = { homeport: empty(), script: empty() };
  try {
    for (let turn = 0; turn < Number(values.rounds); turn += 1) {
      for (const side of turn % 2 === 0 ? (['script', 'homeport'] as const) : (['homeport', 'script'] as const)) {
        const result = await round(host, side, key);
        for (const name of ['first', 'unchanged', 'changed'] as const) samples[side][name].push(result[name]);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  print(samples);
  const accepted = (await host.sshLog()).split('\n').filter((line) => line.includes('Accepted publickey')).length;
  const rounds = Number(values.rounds);
  console.log(`connections: ${(accepted / rounds - 9) / 3} a deploy of homeport (the script: 3)`);
  console.log(`bundle loaded in ${(await loadMilliseconds()).toFixed(0)} ms`);
}

await main();
