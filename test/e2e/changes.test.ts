// What a deploy changes and, above all, what it leaves alone: asked of the host before and after, on both generations.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startHost, type Generation, type TestHost } from '../hosts/host.js';
import { read } from '../repository/files.js';
import { deploy, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { ids, snapshot, type Snapshot } from './support/snapshot.js';

jest.setTimeout(240_000);

interface Shape {
  readonly web?: string;
  readonly greeting?: string;
  readonly worker?: boolean;
}

const compose = ({ web = 'v1', greeting = 'hello', worker = false }: Shape): string => `services:
  db:
    image: postgres:15
    environment: {POSTGRES_PASSWORD: "\${DB_PASSWORD}"}
    volumes: ["db:/var/lib/postgresql/data"]
    healthcheck: {test: [CMD-SHELL, pg_isready -U postgres], interval: 1s, retries: 60}
  web:
    image: acme/web:${web}
    environment: {GREETING: "${greeting}", FROM_ENV: "\${FROM_ENV}"}
    depends_on: {db: {condition: service_healthy}}
    healthcheck: {test: [CMD, healthy], interval: 1s, retries: 30}
  proxy:
    image: nginx:1
    volumes: ["./nginx/default.conf:/etc/nginx/conf.d/default.conf:ro"]
    depends_on: [web]
${worker ? '  worker:\n    image: acme/web:v1\n    command: [sh, -c, "trap \'exit 0\' TERM; sleep infinity & wait"]\n' : ''}volumes: {db: {}}
`;

const nginx = (answer: string): string => `server { listen 80; location / { return 200 "${answer}"; } }\n`;
const env = (value: string): string => `DB_PASSWORD=correct-horse\nFROM_ENV=${value}\n`;
const config = {
  config: 'homeport: 1\nproject: shop\npath: /srv/shop\nhealth: {timeout: 60s, stable: 0s}\nkeep-releases: 1\n',
};

const hooks =
  'hooks: {before-switch: [{run: web, command: ["true"]}], after-switch: [{exec: web, command: ["true"]}]}\n';

/** What is in `.homeport` on the host, and what the page says is there: always, or at times. */
async function listings(host: TestHost): Promise<Record<'there' | 'listed' | 'always', string[]>> {
  const found = await host.sh(
    'cd /srv/shop && find .homeport -mindepth 1 \\( -path "*/files/*" -o -path "*/lock/*" \\) -prune -o -printf "%P\\n"',
  );
  const there = found
    .split('\n')
    .map((path) => path.replace(/^releases\/\d[^/]*/, 'releases/<id>'))
    .map((path) => path.replace(/decision\.\w+$/, 'decision.*').replace(/hook-\d+/, 'hook-<n>'))
    .filter((path) => !['', 'releases', 'releases/<id>'].includes(path));
  const rows = [...read('docs/on-the-host.md').matchAll(/^\| `\.homeport\/([^`]+?)\/?` \|(.*)$/gm)];
  const listed = rows.map(([, path = '']) => path);
  const always = rows.filter(([, , what = '']) => !what.includes('*')).map(([, path = '']) => path);
  return { there: [...new Set(there)].sort(), listed, always };
}

describe.each<Generation>(['bookworm', 'sid'])('changes on %s', (generation) => {
  let host: TestHost;
  let checkout: Checkout;
  let before: Snapshot;

  beforeAll(async () => {
    [host, checkout] = await Promise.all([startHost(generation), Checkout.make()]);
    await checkout.write({ 'docker-compose.yml': compose({}), 'nginx/default.conf': nginx('one') });
  });

  afterAll(async () => {
    await Promise.all([host.remove(), checkout[Symbol.asyncDispose]()]);
  });

  /** Deploys, expects the verdict, and shows that an operator's own `up -d` changes nothing afterwards. */
  async function deployed(value: string, result = 'deployed', more = ''): Promise<[ActionResult, Snapshot]> {
    const done = await deploy(host, checkout, { config: `${config.config}${more}`, env: env(value) });
    expect({ log: done.log, status: done.status, result: done.outputs['result'] }).toEqual({
      log: done.log,
      status: 0,
      result,
    });
    const after = await snapshot(host);
    await host.sh('cd /srv/shop && docker compose up -d 2>&1');
    expect(await snapshot(host)).toEqual(after);
    return [done, after];
  }

  function changed(after: Snapshot): string[] {
    const [was, is] = [ids(before), ids(after)];
    return [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((name) => was[name] !== is[name]).sort();
  }

  test('the first deploy', async () => {
    const [done, after] = await deployed('one');
    expect(Object.keys(after.containers).sort()).toEqual(['shop-db-1', 'shop-proxy-1', 'shop-web-1']);
    expect(after.containers['shop-web-1']?.env).toEqual(expect.arrayContaining(['GREETING=hello', 'FROM_ENV=one']));
    expect(Object.keys(after.files).sort()).toEqual(['.env', 'docker-compose.yml', 'nginx/default.conf']);
    expect(after.files['.env']).toContain('600');
    expect(done.outputs['changed']).toContain('web');
    expect(await host.sh('readlink /srv/shop/.homeport/current')).toBe(`releases/${done.outputs['release'] ?? ''}`);
    before = after;
  });

  test('nothing changed: no container is touched', async () => {
    const [done, after] = await deployed('one', 'unchanged');
    expect(after).toEqual(before);
    expect(done.outputs['serving-release']).toBe(done.outputs['previous-release']);
  });

  test('one image changed: only its service, the database above all keeps its container', async () => {
    await checkout.write({ 'docker-compose.yml': compose({ web: 'v2' }) });
    const [done, after] = await deployed('one');
    expect(changed(after)).toEqual(['shop-web-1']);
    expect(done.outputs['changed']).toContain('web');
    expect(await host.sh('docker exec shop-web-1 wget -q -O - http://127.0.0.1:8080/version')).toBe('v2');
    before = after;
  });

  test('only a mounted file changed: exactly its service reacts, in the same container, and sees the new content', async () => {
    await checkout.write({ 'nginx/default.conf': nginx('two') });
    const [done, after] = await deployed('one');
    expect(done.outputs['changed']).toBe('proxy');
    expect(changed(after)).toEqual([]);
    expect(await host.sh('docker exec shop-proxy-1 cat /etc/nginx/conf.d/default.conf')).toContain('two');
    // The release that had it is gone, and its version tag with it.
    expect(Object.keys(after.names)).toEqual(expect.arrayContaining(['acme/web:v2', 'nginx:1']));
    expect(Object.keys(after.names)).not.toContain('acme/web:v1');
    before = after;
  });

  test('only an environment value changed', async () => {
    const [done, after] = await deployed('two');
    expect(changed(after)).toEqual(['shop-web-1']);
    expect(after.containers['shop-web-1']?.env).toContain('FROM_ENV=two');
    expect(JSON.parse(done.outputs['plan'] ?? '{}')).toMatchObject({ env: { changed: ['FROM_ENV'] } });
    before = after;
  });

  test('a service added', async () => {
    await checkout.write({ 'docker-compose.yml': compose({ web: 'v2', worker: true }) });
    const [, after] = await deployed('two');
    expect(changed(after)).toEqual(['shop-worker-1']);
    before = after;
  });

  test('what somebody stopped runs again, though it ended well', async () => {
    await host.sh('docker stop shop-worker-1');
    expect(await host.sh('docker inspect -f {{.State.ExitCode}} shop-worker-1')).toBe('0');
    const [done, after] = await deployed('two');
    expect(after.containers['shop-worker-1']).toMatchObject({ status: 'running' });
    expect(ids(after)).toEqual(ids(before));
    expect(done.outputs['changed']).toBe('worker');
  });

  test('a service removed; what is on the host then is what docs/on-the-host.md lists', async () => {
    await checkout.write({ 'docker-compose.yml': compose({ web: 'v2' }) });
    const [, after] = await deployed('two', 'deployed', hooks);
    expect(changed(after)).toEqual(['shop-worker-1']);
    expect(Object.keys(after.containers)).not.toContain('shop-worker-1');
    const { there, listed, always } = await listings(host);
    expect(there.filter((path) => !listed.includes(path))).toEqual([]);
    expect(always.filter((path) => !there.includes(path))).toEqual([]);
  });
});
