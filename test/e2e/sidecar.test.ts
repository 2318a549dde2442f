// A service that lives in another one's network: Compose labels it with that one's container, so it is new whenever that one is.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startHost, type Generation, type TestHost } from '../hosts/host.js';
import { deploy, type ActionResult } from './support/action.js';
import { Checkout } from './support/checkout.js';
import { ids, snapshot, type Snapshot } from './support/snapshot.js';

jest.setTimeout(240_000);

const compose = (web: string, broken = false): string => `services:
  web:
    image: acme/web:${web}
    depends_on: {debug: {condition: service_started, required: false}}
    healthcheck: {test: [CMD, '${broken ? 'false' : 'healthy'}'], interval: 1s, retries: ${broken ? 1 : 30}}
  sidecar:
    image: acme/web:v1
    command: [sh, -c, 'echo "$$0"; exec sleep 1000', "\${PWD}/nowhere"]
    network_mode: service:web
    stop_grace_period: 1s
    healthcheck: {disable: true}
  inner:
    image: acme/web:v1
    command: [sleep, infinity]
    pid: service:sidecar
    stop_grace_period: 1s
    healthcheck: {disable: true}
  debug:
    image: acme/web:v1
    profiles: [debug]
`;
const config = { config: 'homeport: 1\nproject: shop\npath: /srv/shop\nhealth: {timeout: 60s, stable: 0s}\n' };

describe.each<Generation>(['bookworm', 'sid'])('a sidecar on %s', (generation) => {
  let host: TestHost;
  let checkout: Checkout;
  let before: Snapshot;

  beforeAll(async () => {
    [host, checkout] = await Promise.all([startHost(generation), Checkout.make()]);
    await checkout.write({ 'docker-compose.yml': compose('v1') });
  });

  afterAll(async () => {
    await Promise.all([host.remove(), checkout[Symbol.asyncDispose]()]);
  });

  async function deployed(result: string): Promise<[ActionResult, Snapshot]> {
    const done = await deploy(host, checkout, config);
    expect({ log: done.log, result: done.outputs['result'] }).toEqual({ log: done.log, result });
    const after = await snapshot(host);
    await host.sh('cd /srv/shop && docker compose up -d 2>&1');
    expect(await snapshot(host)).toEqual(after);
    return [done, after];
  }

  test('comes up with what it lives in, in the folder that an operator sees', async () => {
    [, before] = await deployed('deployed');
    expect(Object.keys(before.containers).sort()).toEqual(['shop-inner-1', 'shop-sidecar-1', 'shop-web-1']);
    expect(await host.sh('docker logs shop-sidecar-1')).toBe('/srv/shop/nowhere');
  });

  test('nothing changed: no container is touched', async () => {
    const [, after] = await deployed('unchanged');
    expect(after).toEqual(before);
  });

  test('the other one changed: all that live in it are new too', async () => {
    await checkout.write({ 'docker-compose.yml': compose('v2') });
    const [done, after] = await deployed('deployed');
    const [was, is] = [ids(before), ids(after)];
    expect(Object.keys(was).filter((name) => was[name] === is[name])).toEqual([]);
    expect(JSON.parse(done.outputs['plan'] ?? '{}')).toMatchObject({
      services: expect.arrayContaining([
        expect.objectContaining({ service: 'sidecar', action: 'recreate', reasons: ['shares containers of web'] }),
        expect.objectContaining({ service: 'inner', action: 'recreate', reasons: ['shares containers of sidecar'] }),
      ]) as unknown,
    });
    const [, again] = await deployed('unchanged');
    expect(again).toEqual(after);
  });

  test('a return brings them all back', async () => {
    await checkout.write({ 'docker-compose.yml': compose('v1', true) });
    const [, after] = await deployed('rolled-back');
    expect(Object.keys(after.containers).sort()).toEqual(['shop-inner-1', 'shop-sidecar-1', 'shop-web-1']);
    expect(await host.sh("docker inspect -f '{{.Config.Image}} {{.State.Status}}' shop-web-1 shop-sidecar-1")).toBe(
      'acme/web:v2 running\nacme/web:v1 running',
    );
  });
});
