// The main job, shown: v1 goes out, v2 follows, v3 never gets healthy and v2 serves again. Real SSH, real Docker.
import { startHost, type TestHost } from '../test/hosts/host.js';
import { deploy, type ActionResult } from '../test/e2e/support/action.js';
import { readable } from './readable.js';
import { Checkout } from '../test/e2e/support/checkout.js';

const compose = (version: string, health: string): string => `services:
  web:
    image: acme/web:${version}
    environment: {HEALTH: "${health}", GREETING: "\${GREETING}"}
    ports: ["8080:8080"]
    depends_on: {redis: {condition: service_healthy}}
    healthcheck: {test: [CMD, healthy], interval: 1s, timeout: 2s, retries: 3}
    volumes: ["./motd.txt:/etc/motd.txt:ro"]
  redis:
    image: redis:7
    healthcheck: {test: [CMD, redis-cli, ping], interval: 1s, retries: 10}
    volumes: ["data:/data"]
volumes: {data: {}}
`;

function title(text: string): void {
  console.log(`\n\u001b[1m== ${text}\u001b[0m`);
}

/** The log as the runner shows it: groups and commands are for the runner, the text is for people. */
function show(result: ActionResult): void {
  for (const line of result.log.split('\n')) {
    if (/^::(?:add-mask|stop-commands|[0-9a-f-]{8,}|debug)/.test(line) || line === '::endgroup::' || line.trim() === '')
      continue;
    console.log(
      line
        .replace(/^::group::/, '> ')
        .replace(/^::error[^:]*::/, 'Error: ')
        .replace(/^::warning[^:]*::/, 'Warning: ')
        .replaceAll('%0A', '\n  ')
        .replaceAll('%25', '%'),
    );
  }
  console.log(
    `\n--- job summary\n${readable(result.summary)}\n--- step: ${result.status === 0 ? 'green' : 'red'}, result=${result.outputs['result'] ?? 'none'}`,
  );
}

async function served(host: TestHost): Promise<string> {
  return host.sh('curl -s -m 5 http://127.0.0.1:8080/version');
}

async function main(): Promise<number> {
  title('A throwaway host with its own sshd, Docker Engine and Compose');
  await using host = await startHost('sid');
  console.log(
    `${host.destination}: ${await host.sh('docker version --format "Docker {{.Server.Version}}"; docker compose version')}`,
  );
  await using checkout = await Checkout.make({ 'motd.txt': 'hello\n' });
  const steps = [
    { version: 'v1', health: 'ok', say: 'v1: the first deploy', result: 'deployed', serves: 'v1' },
    {
      version: 'v2',
      health: 'ok',
      say: 'v2: one service changes, Redis keeps its container',
      result: 'deployed',
      serves: 'v2',
    },
    {
      version: 'v3',
      health: 'never',
      say: 'v3: never gets healthy, so v2 comes home',
      result: 'rolled-back',
      serves: 'v2',
    },
  ];
  let wrong = 0;
  for (const { version, health, say, result, serves } of steps) {
    title(say);
    await checkout.write({ 'docker-compose.yml': compose(version, health) });
    const started = performance.now();
    const done = await deploy(host, checkout, { version, env: 'GREETING=hello from $HOME' });
    show(done);
    const now = await served(host);
    console.log(`curl http://host:8080/version -> ${now}    (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    if (done.outputs['result'] !== result || now !== serves) wrong += 1;
  }
  title(
    wrong === 0
      ? 'As promised: every deploy went out or came home.'
      : `${wrong} of ${steps.length} did not end as promised.`,
  );
  return wrong;
}

process.exitCode = await main();
