import { describe, expect, test } from '@jest/globals';
import { judgeHealth, type ContainerState, type GateService, type HealthQuestion } from './health.js';

const container = (state: Partial<ContainerState>): ContainerState => ({
  id: 'c1',
  status: 'running',
  health: 'none',
  exitCode: 0,
  restartCount: 0,
  ...state,
});
const web: GateService = { service: 'web', replicas: 1, oneShot: false };
const migrate: GateService = { service: 'migrate', replicas: 1, oneShot: true };
const question = (
  service: GateService,
  containers: ContainerState[],
  more: Partial<HealthQuestion> = {},
): HealthQuestion => ({
  services: [service],
  containers: new Map([[service.service, containers]]),
  restartsBefore: new Map(),
  now: 1000,
  healthySince: undefined,
  stable: 0,
  ...more,
});

describe('one container', () => {
  const table: [string, GateService, Partial<ContainerState>, string, string][] = [
    ['runs without a health check', web, {}, 'healthy', 'running'],
    ['runs and is healthy', web, { health: 'healthy' }, 'healthy', 'healthy'],
    ['is in its start period', web, { health: 'starting' }, 'waiting', 'health check has not passed yet'],
    ['is unhealthy', web, { health: 'unhealthy' }, 'failed', 'unhealthy'],
    ['is created', web, { status: 'created' }, 'waiting', 'created, not started'],
    ['is restarting', web, { status: 'restarting', exitCode: 1 }, 'waiting', 'restarting'],
    ['is paused', web, { status: 'paused' }, 'waiting', 'paused'],
    ['is being removed', web, { status: 'removing' }, 'waiting', 'removing'],
    ['is dead', web, { status: 'dead' }, 'failed', 'dead'],
    ['crashed once', web, { restartCount: 1, exitCode: 3 }, 'failed', 'restarted once, last exit code 3'],
    [
      'crash-loops and looks healthy now',
      web,
      { restartCount: 4, health: 'healthy' },
      'failed',
      'restarted 4 times, last exit code 0',
    ],
    [
      'crash-loops and waits for its restart',
      web,
      { status: 'restarting', restartCount: 2, exitCode: 1 },
      'failed',
      'restarted 2 times, last exit code 1',
    ],
    ['exited with an error', web, { status: 'exited', exitCode: 137 }, 'failed', 'exited with code 137'],
    [
      'exited without an error, and should run',
      web,
      { status: 'exited' },
      'failed',
      'exited with code 0, and shall run on',
    ],
    ['did its one job', migrate, { status: 'exited' }, 'healthy', 'finished'],
    [
      'did its one job though a check had not passed',
      migrate,
      { status: 'exited', health: 'starting' },
      'healthy',
      'finished',
    ],
    ['failed at its one job', migrate, { status: 'exited', exitCode: 1 }, 'failed', 'exited with code 1'],
    ['is still at its one job', migrate, {}, 'healthy', 'running'],
    ['has not begun its one job', migrate, { status: 'created' }, 'waiting', 'created, not started'],
    [
      'did its job in the release returned to',
      { ...migrate, finished: true },
      { status: 'created' },
      'healthy',
      'finished before',
    ],
  ];
  test.each(table)('%s', (_what, service, state, verdict, reason) => {
    const judgement = judgeHealth(question(service, [container(state)]));
    expect(judgement.verdict).toBe(verdict);
    expect(judgement.services[0]).toMatchObject({ verdict, reason });
  });
});

describe('restarts', () => {
  test('before the gate began do not count', () => {
    const before = { restartsBefore: new Map([['c1', 7]]) };
    expect(judgeHealth(question(web, [container({ restartCount: 7 })], before)).verdict).toBe('healthy');
    expect(judgeHealth(question(web, [container({ restartCount: 8 })], before)).verdict).toBe('failed');
  });

  test('of a new container all count', () => {
    expect(
      judgeHealth(question(web, [container({ id: 'new', restartCount: 1 })], { restartsBefore: new Map([['c1', 7]]) }))
        .verdict,
    ).toBe('failed');
  });
});

describe('replicas', () => {
  const three = { ...web, replicas: 3 };

  test('all of them are needed', () => {
    const two = [container({ id: 'a' }), container({ id: 'b' })];
    expect(judgeHealth(question(three, two))).toMatchObject({
      verdict: 'waiting',
      services: [{ reason: '2 of 3 containers' }],
    });
    expect(judgeHealth(question(three, [...two, container({ id: 'c' })])).verdict).toBe('healthy');
  });

  test('one that is unhealthy fails all, and is named', () => {
    const states = [
      container({ id: 'a' }),
      container({ id: 'b', health: 'unhealthy' }),
      container({ id: 'c', health: 'starting' }),
    ];
    expect(judgeHealth(question(three, states)).services[0]).toEqual({
      service: 'web',
      verdict: 'failed',
      reason: 'unhealthy',
      containers: ['b'],
    });
  });

  test('one left over keeps waiting', () => {
    expect(judgeHealth(question(web, [container({ id: 'a' }), container({ id: 'b' })])).services[0]?.reason).toBe(
      '2 of 1 containers',
    );
  });

  test('none wanted and none there is healthy; none there and one wanted waits', () => {
    expect(judgeHealth(question({ ...web, replicas: 0 }, [])).verdict).toBe('healthy');
    expect(judgeHealth(question(web, []))).toMatchObject({
      verdict: 'waiting',
      services: [{ reason: '0 of 1 containers' }],
    });
  });
});

describe('several services', () => {
  const both = (one: Partial<ContainerState>, other: Partial<ContainerState>): HealthQuestion => ({
    ...question(web, []),
    services: [web, migrate],
    containers: new Map([
      ['web', [container(one)]],
      ['migrate', [container(other)]],
    ]),
  });

  test.each([
    [{}, { status: 'exited' as const }, 'healthy'],
    [{ health: 'starting' as const }, { status: 'exited' as const }, 'waiting'],
    [{ health: 'starting' as const }, { status: 'exited' as const, exitCode: 1 }, 'failed'],
  ])('%j and %j are %s', (one, other, verdict) => {
    expect(judgeHealth(both(one, other)).verdict).toBe(verdict);
  });
});

describe('the stability window', () => {
  const at = (
    now: number,
    healthySince: number | undefined,
    state: Partial<ContainerState> = {},
  ): ReturnType<typeof judgeHealth> =>
    judgeHealth(question(web, [container(state)], { now, healthySince, stable: 5000 }));

  test('begins when all are healthy and must be held', () => {
    expect(at(1000, undefined)).toMatchObject({ verdict: 'waiting', healthySince: 1000 });
    expect(at(5999, 1000)).toMatchObject({ verdict: 'waiting', healthySince: 1000 });
    expect(at(6000, 1000)).toMatchObject({ verdict: 'healthy', healthySince: 1000 });
  });

  test('begins anew when one waits again', () => {
    expect(at(3000, 1000, { health: 'starting' })).toMatchObject({ verdict: 'waiting', healthySince: undefined });
  });

  test('of 0 holds at once', () => {
    expect(judgeHealth(question(web, [container({})]))).toMatchObject({ verdict: 'healthy', healthySince: 1000 });
  });

  test('unhealthy within it fails at once', () => {
    expect(at(3000, 1000, { health: 'unhealthy' })).toMatchObject({ verdict: 'failed', healthySince: undefined });
  });
});
