import { describe, expect, test } from '@jest/globals';
import { container, details, engineRunning, serviceModel, stackModel } from '../../test/support/stack.js';
import type { ContainerDetails } from '../host/engine.js';
import { gateServices, passHealthGate, Unhealthy, type GateInput } from './gate.js';

const web = details('web');
const service = { service: 'web', replicas: 1, oneShot: false };

/** A gate that sees one look after the other; the last one stays. */
function gate(
  looks: readonly (readonly ContainerDetails[])[],
  more: Partial<GateInput> = {},
): GateInput & { seen: () => number } {
  let at = 0;
  return {
    seen: () => at,
    engine: engineRunning(() => {
      at += 1;
      return looks[Math.min(at, looks.length) - 1] ?? [];
    }),
    project: 'shop',
    services: [service],
    before: new Map(),
    timeout: 5000,
    stable: 0,
    signal: new AbortController().signal,
    // As if events came without end: a test waits for no clock.
    nextEvent: async () => Promise.resolve(),
    ...more,
  };
}

async function refusal(input: GateInput): Promise<Unhealthy> {
  const error: unknown = await passHealthGate(input).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Unhealthy)) throw new Error(`the gate opened, or threw ${String(error)}`);
  return error;
}

test('opens when all are well, and tells what was seen', async () => {
  const input = gate([
    [],
    [{ ...web, status: 'created' }],
    [{ ...web, health: 'starting' }],
    [{ ...web, health: 'healthy' }],
  ]);
  expect([...(await passHealthGate(input)).keys()]).toEqual(['web']);
  expect(input.seen()).toBe(4);
});

describe('fails at once', () => {
  test.each<[string, Partial<ContainerDetails>, RegExp]>([
    ['unhealthy', { health: 'unhealthy' }, /^web: unhealthy$/],
    ['exited', { status: 'exited', exitCode: 3 }, /^web: exited with code 3$/],
    ['exited with 0 and shall run on', { status: 'exited' }, /shall run on/],
    ['restarted', { restartCount: 2 }, /restarted/],
  ])('%s', async (_, state, message) => {
    const input = gate([[{ ...web, ...state }]], { timeout: 60_000 });
    const error = await refusal(input);
    expect(error.message).toMatch(message);
    expect(error).toMatchObject({ service: 'web', containers: ['c-web'] });
    expect(input.seen()).toBe(1);
  });

  test('when one of two replicas is', async () => {
    const two = [
      { ...web, health: 'healthy' as const },
      { ...web, id: 'second', health: 'unhealthy' as const },
    ];
    const error = await refusal(gate([two], { services: [{ ...service, replicas: 2 }] }));
    expect(error.containers).toEqual(['second']);
  });
});

test('restarts before this deploy are not its own', async () => {
  const before = new Map([['web', [container('web', { restartCount: 7 })]]]);
  await passHealthGate(gate([[{ ...web, restartCount: 7 }]], { before }));
  await expect(passHealthGate(gate([[{ ...web, restartCount: 8 }]], { before }))).rejects.toThrow(/restarted once/);
});

test('a one-shot that ends with 0 passes', async () => {
  await passHealthGate(gate([[{ ...web, status: 'exited' }]], { services: [{ ...service, oneShot: true }] }));
});

test('waits no longer than it may, and names who kept it', async () => {
  const begun = performance.now();
  const error = await refusal(
    gate([[{ ...web, health: 'starting' }]], { timeout: 120, nextEvent: async () => new Promise(() => undefined) }),
  );
  expect(error.message).toMatch(/^web: not within 0 s: health check has not passed yet$/);
  expect(error.containers).toEqual(['c-web']);
  expect(performance.now() - begun).toBeGreaterThanOrEqual(119);
  expect((await refusal(gate([[]], { timeout: 1 }))).message).toContain('0 of 1 containers');
});

test('well must hold: a fall in between begins anew', async () => {
  const healthy = [{ ...web, health: 'healthy' as const }];
  const begun = performance.now();
  const never = async (): Promise<void> => new Promise(() => undefined);
  await passHealthGate(gate([healthy], { stable: 150, nextEvent: never }));
  expect(performance.now() - begun).toBeGreaterThanOrEqual(149);
  const falling = gate([healthy, healthy, [{ ...web, status: 'exited', exitCode: 1 }]], { stable: 60_000 });
  expect((await refusal(falling)).message).toContain('exited with code 1');
});

test('a gate that is well at its deadline may finish holding', async () => {
  const healthy = [{ ...web, health: 'healthy' as const }];
  await passHealthGate(
    gate([healthy], { timeout: 20, stable: 100, nextEvent: async () => new Promise(() => undefined) }),
  );
});

test('looks again without any event: a restart count has none', async () => {
  const looks = [[{ ...web, health: 'starting' as const }], [{ ...web, restartCount: 1 }]];
  await refusal(gate(looks, { nextEvent: async () => new Promise(() => undefined) }));
});

test('a cancelled job waits no more', async () => {
  const abort = new AbortController();
  const never = async (): Promise<void> => new Promise(() => undefined);
  const input = gate([[{ ...web, health: 'starting' }]], { signal: abort.signal, nextEvent: never });
  setTimeout(() => {
    abort.abort();
  }, 20);
  await expect(passHealthGate(input)).rejects.toMatchObject({ name: 'AbortError' });
});

test('what is started since it ran before may be a slow job: an end with 0 is no failure, a web server has none', () => {
  const model = stackModel([serviceModel('job', { restart: undefined }), serviceModel('web')]);
  const services = ['job', 'web'].map((service) => ({ service, action: 'start', reasons: [] }) as const);
  const plan = { services } as unknown as Parameters<typeof gateServices>[1];
  expect(gateServices(model, plan).map(({ oneShot }) => oneShot)).toEqual([true, false]);
});
