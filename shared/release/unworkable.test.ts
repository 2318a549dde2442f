import { describe, expect, test } from '@jest/globals';
import { serviceModel, stackModel } from '../../test/support/stack.js';
import { describeProblem } from '../base/errors.js';
import type { PortModel, ServiceModel } from '../compose/model.js';
import { healthlessWaits, healthOfImages, unbuildable, unworkable } from './unworkable.js';

const port = (published: string | undefined, more: Partial<PortModel> = {}): PortModel => ({
  target: 80,
  published,
  hostIp: undefined,
  protocol: 'tcp',
  ...more,
});
const at = (line: number): { file: string; line: number; column: number } => ({ file: 'c.yml', line, column: 3 });
const places = new Map([
  ['web', at(2)],
  ['web ports 8080', at(4)],
  ['web container_name', at(5)],
  ['web depends_on db', at(6)],
  ['api', at(10)],
]);
const said = (...services: ServiceModel[]): string[] => unworkable(stackModel(services), places).map(describeProblem);

describe('ports and names that cannot be shared', () => {
  test('a port of two services', () => {
    expect(said(serviceModel('web', { ports: [port('8080')] }), serviceModel('api', { ports: [port('8080')] }))).toEqual([
      'c.yml:10:3: api publishes port 8080/tcp, and so does web: only one can have it. Give one of them another, such as - "8081:80"',
    ]); // prettier-ignore
  });

  test('a port and a name of several replicas', () => {
    expect(said(serviceModel('web', { replicas: 3, ports: [port('8080')], containerName: 'shop' }))).toEqual([
      'c.yml:4:3: web has 3 replicas, and only one of them can publish port 8080/tcp: publish a range, - "8080-8082:80", or none and let a proxy reach them by the name web',
      'c.yml:5:3: web has 3 replicas, and only one of them can be called shop: remove container_name',
    ]);
  });

  test.each<[string, ServiceModel[]]>([
    ['ranges', [serviceModel('web', { replicas: 2, ports: [port('8080-8081')] })]],
    ['a port that the engine chooses', [serviceModel('web', { replicas: 2, ports: [port(undefined), port('0')] })]],
    ['other protocols', [serviceModel('web', { ports: [port('53')] }), serviceModel('api', { ports: [port('53', { protocol: 'udp' })] })]],
    ['other addresses', [serviceModel('web', { ports: [port('80', { hostIp: '127.0.0.1' })] }), serviceModel('api', { ports: [port('80', { hostIp: '10.0.0.1' })] })]],
    ['one that is not there', [serviceModel('web', { ports: [port('80')] }), serviceModel('api', { replicas: 0, ports: [port('80')] })]],
  ])('%s can', (_what, services) => {
    expect(said(...services)).toEqual([]);
  }); // prettier-ignore
});

describe('waiting for the health', () => {
  const waits = (condition: ServiceModel['dependsOn'][string]['condition'], db: Partial<ServiceModel> = {}): ReturnType<typeof stackModel> =>
    stackModel([
      serviceModel('web', { dependsOn: { db: { condition, required: true, restart: false } } }),
      serviceModel('db', { image: 'postgres:15', ...db }),
    ]); // prettier-ignore
  const wrong = (model: ReturnType<typeof stackModel>, image?: boolean): string[] =>
    healthlessWaits(model, places, new Map(image === undefined ? [] : [['db', image]])).map(describeProblem);

  test('of what has no healthcheck is in vain', () => {
    expect(wrong(waits('service_healthy'), false)).toEqual([
      'c.yml:6:3: web waits until db is healthy, and a healthcheck of db is neither in its image nor in the stack. Add to db: ' +
        'healthcheck: {test: [CMD-SHELL, "pg_isready -h 127.0.0.1"], interval: 5s, timeout: 5s, retries: 12, start_period: 30s} ' +
        '(or wait with `condition: service_started`)',
    ]);
    expect(wrong(waits('service_healthy', { healthcheck: { disabled: true } }))[0]).toContain('is switched off');
    const app = waits('service_healthy', { image: 'ghcr.io/acme/postgres-exporter/app:1', ports: [port('1', { target: 3000 })] }); // prettier-ignore
    expect(wrong(app, false)[0]).toContain('http://127.0.0.1:3000/');
  });

  test('is fine with a healthcheck in the stack or in the image, or one that is not known', () => {
    expect(wrong(waits('service_healthy', { healthcheck: { disabled: false } }), false)).toEqual([]);
    expect(wrong(waits('service_healthy'), true)).toEqual([]);
    expect(wrong(waits('service_healthy'))).toEqual([]);
    expect(wrong(waits('service_started'), false)).toEqual([]);
  });

  test('asks of those images only that decide it', () => {
    expect(healthOfImages(waits('service_healthy'))).toEqual(['db']);
    expect(healthOfImages(waits('service_healthy', { healthcheck: { disabled: true } }))).toEqual([]);
    expect(healthOfImages(waits('service_started'))).toEqual([]);
  });
});

test("a build from another service's image needs a Compose that can do it", () => {
  const build = {
    context: '/srv/shop/web',
    dockerfile: undefined,
    dockerfileInline: undefined,
    target: undefined,
    args: {},
    additionalContexts: { base: 'service:base', lib: '/srv/shop/lib' },
  };
  const model = stackModel([serviceModel('web', { build })]);
  const said = (version: string): string[] => unbuildable(model, new Map(), version).map(({ message }) => message);
  expect(said('2.40.0')).toEqual([]);
  expect(said('2.26.1-4')).toEqual([
    expect.stringMatching(/web has .* base: service:base, .*2\.26\.1-4 cannot .*2\.34\.0/),
  ]);
});
