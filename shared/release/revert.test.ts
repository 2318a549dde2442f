/**
 * Never half: a switch and its revert, made from a plan, run against a fake engine that fails or is killed at each of its
 * calls in turn. Whatever happens, the host ends on the old release or on the new one.
 */
import { describe, expect, test } from '@jest/globals';
import { EACH_SHELL, ScriptHost, text, type FileState } from '../../test/support/script-host.js';
import type { Mishap } from '../../test/support/fake-docker.js';
import { failedStep, unmetSteps } from '../host/journal.js';
import type { ScriptContext } from './script.js';
import { sh } from '../ssh/shell-text.js';
import type { Manifest, ManifestService } from './manifest.js';
import type { ObservedContainer } from './observed.js';
import type { ServicePlan } from './plan.js';
import { revertSteps, type RevertInput } from './revert.js';
import { describeStep, type FileChange, type NumberedStep } from './steps.js';
import { switchSteps, type SwitchService } from './switch.js';

interface Service {
  readonly plan: Partial<ServicePlan> & Pick<ServicePlan, 'action'>;
  /** The image's name and id, as the new release has it. */
  readonly wanted?: readonly [string, string];
  /** As it serves before. */
  readonly before?: readonly [string, string];
  readonly dependsOn?: Readonly<Record<string, string>>;
  readonly finished?: boolean;
  /** It is there before, and does not run. */
  readonly resting?: boolean;
  /** That it publishes before, and afterwards. */
  readonly ports?: readonly [before: string, after: string];
  /** One of the scenario's networks. */
  readonly network?: string;
  /** It asks for addresses once, at its start. */
  readonly looksUp?: boolean;
}

interface Scenario {
  readonly services: Readonly<Record<string, Service>>;
  readonly levels: readonly (readonly string[])[];
  readonly oldLevels?: readonly (readonly string[])[];
  readonly files?: Readonly<Record<string, readonly [before: FileState | undefined, after: FileState | undefined]>>;
  /** Names beside those of the services that run. */
  readonly names?: Readonly<Record<string, string>>;
  readonly newNetworks?: readonly string[];
  /** As they are defined before and afterwards. */
  readonly networks?: Readonly<Record<string, readonly [before: string, after: string]>>;
  /** What is to serve at the end is there at the end, under this name. */
  readonly namesAfterReturn?: Readonly<Record<string, string>>;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'a change of nearly everything': {
    services: {
      db: { plan: { action: 'keep' }, wanted: ['postgres:17', 'pg'], before: ['postgres:17', 'pg'] },
      web: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['app:1', 'app-new'],
        before: ['app:1', 'app-old'],
        dependsOn: { db: 'service_healthy' },
      },
      jobs: {
        plan: { action: 'recreate', reasons: ['mounted files: jobs.conf'] },
        wanted: ['jobs:1', 'jobs'],
        before: ['jobs:1', 'jobs'],
      },
      proxy: {
        plan: { action: 'restart' },
        wanted: ['nginx:1', 'nginx'],
        before: ['nginx:1', 'nginx'],
        dependsOn: { web: 'service_healthy' },
      },
      fresh: { plan: { action: 'create' }, wanted: ['fresh:1', 'fresh'], dependsOn: { web: 'service_healthy' } },
      old: { plan: { action: 'remove' }, before: ['old:1', 'old'] },
    },
    levels: [['db'], ['jobs', 'web'], ['fresh', 'proxy']],
    oldLevels: [['db'], ['jobs', 'old', 'web'], ['proxy']],
    files: {
      '.env': [text('A=1\n', 0o600), text('A=2\n', 0o600)],
      'conf/nginx.conf': [text('old'), text('new', 0o755)],
      'conf/added.conf': [undefined, text('added')],
      'removed.conf': [text('removed'), undefined],
    },
  },
  'a first deploy': {
    services: {
      db: { plan: { action: 'create' }, wanted: ['postgres:17', 'pg'] },
      web: { plan: { action: 'create' }, wanted: ['app:1', 'app'], dependsOn: { db: 'service_healthy' } },
    },
    levels: [['db'], ['web']],
    files: { '.env': [undefined, text('A=1\n', 0o600)] },
    names: { 'app:1': 'what someone pulled' },
    newNetworks: ['shop_default'],
  },
  'a new service takes the name of one that goes': {
    services: {
      new: { plan: { action: 'create' }, wanted: ['app:1', 'app-new'] },
      old: { plan: { action: 'remove' }, before: ['app:1', 'app-old'] },
    },
    levels: [['new']],
    oldLevels: [['old']],
  },
  'a new service comes first, with the name of one that changes': {
    services: {
      first: { plan: { action: 'create' }, wanted: ['app:1', 'app-new'] },
      last: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['app:1', 'app-new'],
        before: ['app:1', 'app-old'],
      },
    },
    levels: [['first'], ['last']],
    oldLevels: [['last']],
  },
  'the name of an image changes': {
    services: {
      web: {
        plan: { action: 'recreate', reasons: ['image', 'config'] },
        wanted: ['app:2', 'two'],
        before: ['app:1', 'one'],
      },
    },
    levels: [['web']],
    oldLevels: [['web']],
    names: { 'app:2': 'two of someone else' },
  },
  'someone moved the name of a database that is kept': {
    services: {
      db: { plan: { action: 'keep' }, wanted: ['postgres:17', 'pg'], before: ['postgres:17', 'pg'] },
      web: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['app:1', 'new'],
        before: ['app:1', 'old'],
        dependsOn: { db: 'service_started' },
      },
      proxy: { plan: { action: 'create' }, wanted: ['nginx:1', 'nginx'], dependsOn: { web: 'service_started' } },
    },
    levels: [['db'], ['web'], ['proxy']],
    oldLevels: [['db'], ['web']],
    names: { 'postgres:17': 'moved' },
    namesAfterReturn: { 'postgres:17': 'pg' },
  },
  'only something new needs a database whose name was moved': {
    services: {
      db: { plan: { action: 'keep' }, wanted: ['postgres:17', 'pg'], before: ['postgres:17', 'pg'] },
      web: { plan: { action: 'create' }, wanted: ['app:1', 'new'], dependsOn: { db: 'service_started' } },
    },
    levels: [['db'], ['web']],
    oldLevels: [['db']],
    names: { 'postgres:17': 'moved' },
    namesAfterReturn: { 'postgres:17': 'pg' },
  },
  'two services want one name for two images': {
    services: {
      one: { plan: { action: 'recreate', reasons: ['image'] }, wanted: ['app:1', 'a2'], before: ['app:1', 'a1'] },
      two: { plan: { action: 'recreate', reasons: ['image'] }, wanted: ['app:1', 'b2'], before: ['app:1', 'b1'] },
    },
    levels: [['one', 'two']],
    oldLevels: [['one', 'two']],
    namesAfterReturn: { 'app:1': 'b1' },
  },
  'a port goes from one to the other, which depends on it': {
    services: {
      a: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['a:1', 'a'],
        before: ['a:1', 'a'],
        ports: ['80', '82'],
      },
      b: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['b:1', 'b'],
        before: ['b:1', 'b'],
        ports: ['81', '80'],
        dependsOn: { a: 'service_started' },
      },
    },
    levels: [['a'], ['b']],
    oldLevels: [['a'], ['b']],
  },
  'two services side by side exchange their ports': {
    services: {
      a: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['a:1', 'a'],
        before: ['a:1', 'a'],
        ports: ['80', '81'],
      },
      b: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['b:1', 'b'],
        before: ['b:1', 'b'],
        ports: ['81', '80'],
      },
    },
    levels: [['a', 'b']],
    oldLevels: [['a', 'b']],
  },
  'the port of one that goes': {
    services: {
      a: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['a:1', 'a'],
        before: ['a:1', 'a'],
        ports: ['81', '80'],
      },
      old: { plan: { action: 'remove' }, before: ['old:1', 'old'], ports: ['80', '80'] },
    },
    levels: [['a']],
    oldLevels: [['old'], ['a']],
  },
  'services that did not run before': {
    services: {
      tool: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['tool:1', 'new'],
        before: ['tool:1', 'old'],
        resting: true,
      },
      other: {
        plan: { action: 'start', reasons: ['not running'] },
        wanted: ['other:1', 'same'],
        before: ['other:1', 'same'],
        resting: true,
      },
      third: { plan: { action: 'restart' }, wanted: ['third:1', 'same'], before: ['third:1', 'same'], resting: true },
      web: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['web:1', 'new'],
        before: ['web:1', 'old'],
        dependsOn: { tool: 'service_healthy' },
      },
    },
    levels: [['other', 'third', 'tool'], ['web']],
    oldLevels: [['other', 'third', 'tool'], ['web']],
  },
  'the options of a network change': {
    services: {
      db: {
        plan: { action: 'recreate', reasons: ['options of network front'] },
        wanted: ['db:1', 'db'],
        before: ['db:1', 'db'],
        network: 'front',
      },
      web: {
        plan: { action: 'recreate', reasons: ['image', 'options of network front'] },
        wanted: ['web:1', 'new'],
        before: ['web:1', 'old'],
        network: 'front',
        dependsOn: { db: 'service_healthy' },
      },
      resting: {
        plan: { action: 'recreate', reasons: ['options of network front'] },
        wanted: ['resting:1', 'resting'],
        before: ['resting:1', 'resting'],
        network: 'front',
        resting: true,
      },
      old: { plan: { action: 'remove' }, before: ['old:1', 'old'], network: 'front' },
      fresh: { plan: { action: 'create' }, wanted: ['fresh:1', 'fresh'], network: 'front' },
      away: { plan: { action: 'keep' }, wanted: ['away:1', 'away'], before: ['away:1', 'away'] },
    },
    levels: [['away', 'db', 'fresh', 'resting'], ['web']],
    oldLevels: [['away', 'db', 'old', 'resting'], ['web']],
    networks: { front: ['{}', '{"internal":true}'] },
  },
};

describe.each(Object.entries(SCENARIOS))('%s', (_, scenario) => {
  test('goes through, and comes back from its end', () => {
    using stage = new Stage(scenario);
    const { host } = stage;
    expect(host.run('switch')).toEqual({ status: 0, output: '' });
    expect(stage.now).toEqual(stage.after);
    expect(host.decision).toBeUndefined();
    host.decide('reverting');
    expect(host.run('revert')).toMatchObject({ status: 0 });
    expect(stage.now).toEqual(stage.returned);
  });

  test.each<Mishap>(['fails', 'kills-late'])('comes back when any call %s', (mishap) => {
    const calls = callsOf(scenario);
    expect(calls).toBeGreaterThan(1);
    for (let at = 1; at <= calls; at += 1) {
      using stage = new Stage(scenario);
      const { host } = stage;
      host.docker.mishap(mishap, at);
      const { status } = host.run('switch');
      if (mishap.startsWith('kills')) {
        expect(status).toBe(null);
        host.docker.noMishap();
        // As the next run does it.
        host.decide('reverting');
        host.run('revert');
      }
      // A look that fails is looked again; everything else is a failure.
      const went = status === 0 && host.facts.at(-1) === 'done switch:0';
      expect({ at, ...stage.now }).toEqual({ at, ...(went ? stage.after : stage.returned) });
      if (!went) expect(host.facts.at(-1)).toBe('done revert:0');
    }
  });
});

test.each(EACH_SHELL)('under $name it is the same', ({ shell }) => {
  const scenario = SCENARIOS['a change of nearly everything'];
  if (scenario === undefined) throw new Error('no scenario');
  using stage = new Stage(scenario);
  stage.host.docker.mishap('fails', 'up --  fresh');
  stage.host.docker.mishap('fails-late', 'up -- fresh');
  expect(stage.host.run('switch', shell).status).toBe(1);
  expect(stage.now).toEqual(stage.before);
});

test('a return can be cut short and begun again', () => {
  const scenario = SCENARIOS['a change of nearly everything'];
  if (scenario === undefined) throw new Error('no scenario');
  for (let at = 1; at <= 12; at += 3) {
    using stage = new Stage(scenario);
    const { host, before } = stage;
    host.run('switch');
    host.decide('reverting');
    host.docker.mishap('kills', at);
    host.run('revert');
    host.docker.noMishap();
    expect(host.run('revert').status).toBe(0);
    expect({ at, ...stage.now }).toEqual({ at, ...before });
  }
});

test('what does not get healthy on the way back is told, and leaves nothing of it undone', () => {
  const change = { plan: { action: 'recreate', reasons: ['image'] }, wanted: ['app:1', 'new'], before: ['app:1', 'old'] } as const; // prettier-ignore
  using stage = new Stage({
    services: { api: change, web: { ...change, dependsOn: { api: 'service_healthy' } } },
    levels: [['api'], ['web']],
    oldLevels: [['api'], ['web']],
  });
  const { host } = stage;
  host.run('switch');
  host.decide('reverting');
  host.docker.states('api', 'running/unhealthy/0');
  expect(host.run('revert').status).toBe(0);
  expect(stage.now).toEqual(stage.before);
  expect(host.journal.at(-1)).toMatchObject({ word: 'done', text: '0 failed' });
  expect(failedStep(host.journal)).toBeUndefined();
  expect(unmetSteps(host.journal)).toEqual(['wait until api is healthy: api is running/unhealthy/0']);
});

describe('the steps', () => {
  const finished: Scenario = {
    services: {
      migrate: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['app:1', 'new'],
        before: ['app:1', 'old'],
        finished: true,
      },
      web: {
        plan: { action: 'recreate', reasons: ['image'] },
        wanted: ['app:1', 'new'],
        before: ['app:1', 'old'],
        dependsOn: { migrate: 'service_completed_successfully', db: 'service_healthy' },
      },
      db: {
        plan: { action: 'recreate', reasons: ['config'] },
        wanted: ['db@sha256:1', 'db'],
        before: ['db@sha256:1', 'db'],
      },
    },
    levels: [['db', 'migrate'], ['web']],
    oldLevels: [['db', 'migrate'], ['web']],
  };

  test('a finished one-shot is waited for on the way there, and not run again on the way back', () => {
    const { switched, revert } = stepsOf(finished);
    expect(switched.map(({ step }) => step)).toEqual([
      {
        kind: 'up',
        services: ['db', 'migrate'],
        retags: [{ reference: 'app:1', id: 'new' }],
        force: false,
        createOnly: false,
      },
      { kind: 'wait', service: 'db', condition: 'healthy', seconds: 3 },
      { kind: 'wait', service: 'migrate', condition: 'completed', seconds: 3 },
      { kind: 'up', services: ['web'], retags: [{ reference: 'app:1', id: 'new' }], force: false, createOnly: false },
    ]);
    expect(revert).toEqual([
      { number: 1, onlyIfBegun: 1, step: { kind: 'heal-names' } },
      {
        number: 2,
        onlyIfBegun: 1,
        step: { kind: 'up', services: ['db'], retags: [], force: false, createOnly: false },
      },
      { number: 3, onlyIfBegun: 1, step: { kind: 'wait', service: 'db', condition: 'healthy', seconds: 3 } },
      {
        number: 4,
        onlyIfBegun: 1,
        step: {
          kind: 'up',
          services: ['migrate'],
          retags: [{ reference: 'app:1', id: 'old' }],
          force: false,
          createOnly: true,
        },
      },
      {
        number: 5,
        onlyIfBegun: 4,
        step: {
          kind: 'up',
          services: ['web'],
          retags: [{ reference: 'app:1', id: 'old' }],
          force: false,
          createOnly: false,
        },
      },
    ]);
  });

  test('a one-shot that rests since an earlier return is not run again by the next one', () => {
    const input = inputOf(finished);
    const migrate = input.services.get('migrate');
    if (migrate === undefined) throw new Error('no migrate');
    const created = { ...migrate, containers: [{ ...container('migrate', 'old'), status: 'created' as const }] };
    const services = new Map([...input.services, ['migrate', created]]);
    const revert = revertSteps({ ...input, services }, switchSteps({ ...input, services }));
    expect(revert.find(({ step }) => step.kind === 'up' && step.services[0] === 'migrate')?.step).toMatchObject({
      createOnly: true,
    });
  });

  test('a one-shot that ran just then runs again, and is waited for', () => {
    const input = inputOf(finished);
    const migrate = input.services.get('migrate');
    if (migrate === undefined) throw new Error('no migrate');
    const running = { ...migrate, containers: [container('migrate', 'old')] };
    const services = new Map([...input.services, ['migrate', running]]);
    const revert = revertSteps({ ...input, services }, switchSteps({ ...input, services }));
    expect(revert.map(({ step }) => describeStep(step)).slice(-4)).toEqual([
      'wait until db is healthy',
      'up migrate',
      'wait until migrate is completed',
      'up web',
    ]);
  });

  test('what is restarted on the way back is waited for', () => {
    const scenario: Scenario = {
      services: {
        db: { plan: { action: 'restart' }, wanted: ['db:1', 'db'], before: ['db:1', 'db'] },
        web: {
          plan: { action: 'recreate', reasons: ['image'] },
          wanted: ['web:1', 'new'],
          before: ['web:1', 'old'],
          dependsOn: { db: 'service_healthy' },
        },
      },
      levels: [['db'], ['web']],
      oldLevels: [['db'], ['web']],
    };
    expect(stepsOf(scenario).revert.map(({ step }) => describeStep(step))).toEqual([
      'give containers their own names',
      'restart db',
      'wait until db is healthy',
      'up web',
    ]);
  });

  test('what was unhealthy before is not waited for: it would be so again', () => {
    const change = { plan: { action: 'recreate', reasons: ['image'] }, wanted: ['app:1', 'new'], before: ['app:1', 'old'] } as const; // prettier-ignore
    const input = inputOf({
      services: { api: change, web: { ...change, dependsOn: { api: 'service_healthy' } } },
      levels: [['api'], ['web']],
      oldLevels: [['api'], ['web']],
    });
    const waits = (state: Partial<ObservedContainer>): boolean => {
      const api = input.services.get('api');
      if (api === undefined) throw new Error('no api');
      const before = { ...input, services: new Map([...input.services, ['api', { ...api, containers: [{ ...container('api', 'old'), ...state }] }]]) }; // prettier-ignore
      return revertSteps(before, switchSteps(before)).some(({ step }) => step.kind === 'wait');
    };
    expect([waits({ health: 'unhealthy' }), waits({ status: 'restarting' }), waits({ health: 'healthy' })]).toEqual([
      false,
      false,
      true,
    ]);
  });

  test('of several containers, those that did not run before stop again', () => {
    const input = inputOf({
      services: { web: { plan: { action: 'start' }, wanted: ['web:1', 'web'], before: ['web:1', 'web'] } },
      levels: [['web']],
      oldLevels: [['web']],
    });
    const web = input.services.get('web');
    if (web === undefined) throw new Error('no web');
    const stopped = { ...container('web', 'web', true), id: 'stopped' };
    const services = new Map([['web', { ...web, containers: [...web.containers, stopped] }]]);
    const revert = revertSteps({ ...input, services }, switchSteps({ ...input, services }));
    expect(revert.at(-1)?.step).toEqual({ kind: 'stop', service: 'web', containers: ['stopped'] });
  });

  test('more replicas than before: those that were not there go first, so that Compose replaces the others', () => {
    const input = inputOf({
      services: {
        web: { plan: { action: 'recreate', reasons: ['config'] }, wanted: ['web:1', 'web'], before: ['web:1', 'web'] },
      },
      levels: [['web']],
      oldLevels: [['web']],
    });
    const web = input.services.get('web');
    if (web === undefined) throw new Error('no web');
    const kinds = (replicas: number): string[] => {
      const scaled = { ...input, services: new Map([['web', { ...web, replicas }]]) };
      return revertSteps(scaled, switchSteps(scaled)).map(({ step }) => describeStep(step));
    };
    expect(kinds(2)).toEqual(expect.arrayContaining(['as many of web as before']));
    expect(kinds(2).indexOf('as many of web as before')).toBeLessThan(kinds(2).indexOf('up web'));
    expect(kinds(1)).not.toContain('as many of web as before');
  });

  test('a container that goes leaves its name to the one that gets it, and has it again afterwards', () => {
    const input = inputOf({
      services: {
        new: { plan: { action: 'create' }, wanted: ['app:1', 'app'] },
        old: { plan: { action: 'remove' }, before: ['app:1', 'app'] },
      },
      levels: [['new']],
      oldLevels: [['old']],
    });
    const fresh = input.services.get('new');
    if (fresh === undefined) throw new Error('no new');
    const services = new Map([...input.services, ['new', { ...fresh, containerName: 'shop-old-1' }]]);
    const switched = switchSteps({ ...input, services });
    const stop = switched.find(({ step }) => step.kind === 'stop');
    expect(stop?.step).toMatchObject({ renamed: [{ id: 'c-old', name: 'c-old_shop-old-1' }] });
    const start = revertSteps({ ...input, services }, switched).find(({ step }) => step.kind === 'start');
    expect(start).toMatchObject({
      onlyIfBegun: stop?.number,
      step: { containers: ['c-old'], renamed: [{ id: 'c-old', name: 'shop-old-1' }] },
    });
  });

  test('a name that goes from one service to another that stays is given up by each, without a stop', () => {
    const change = { plan: { action: 'recreate', reasons: ['config'] }, wanted: ['app:1', 'app'], before: ['app:1', 'app'] } as const; // prettier-ignore
    const input = inputOf({ services: { a: change, b: change }, levels: [['a'], ['b']], oldLevels: [['a'], ['b']] });
    const renamed = [...input.services].map(([name, service]): [string, SwitchService] => [
      name,
      { ...service, containerName: name === 'a' ? 'shop-b-1' : 'shop-a-1' },
    ]);
    const given = { ...input, services: new Map(renamed) };
    const switched = switchSteps(given);
    expect(switched.map(({ step }) => describeStep(step))).toEqual([
      'install 1 file',
      'take the name shop-b-1 from b',
      'up a',
      'up b',
    ]);
    const back = revertSteps(given, switched).map(
      ({ step, onlyIfBegun }) => `${onlyIfBegun ?? ''} ${describeStep(step)}`,
    );
    expect(back).toEqual([
      '1 put back 1 file',
      '3 give containers their own names',
      '3 take the name shop-b-1 from a',
      '4 take the name shop-a-1 from b',
      '2 name b as before',
      '3 up a',
      '4 up b',
    ]);
  });

  test('a name that nobody looked up is not taken away on the way back', () => {
    const input = inputOf({
      services: {
        idle: { plan: { action: 'keep' }, wanted: ['idle:1', 'idle'] },
        web: {
          plan: { action: 'create' },
          wanted: ['web:1', 'web'],
          dependsOn: { idle: 'service_started' },
        },
      },
      levels: [['idle'], ['web']],
      oldLevels: [[]],
    });
    const namesBefore = new Map([['web:1', undefined]]);
    const retags = revertSteps({ ...input, namesBefore }, switchSteps(input)).flatMap(({ step }) =>
      step.kind === 'retag' ? step.retags : [],
    );
    expect(retags).toEqual([{ reference: 'web:1', id: undefined }]);
  });

  test('the image that really serves comes back, not the one that was recorded', () => {
    const { revert } = stepsOf(finished, (manifest) => ({
      ...manifest,
      services: Object.fromEntries(
        Object.entries(manifest.services).map(([name, service]) => [
          name,
          { ...service, image: { ...service.image, id: 'recorded' } },
        ]),
      ),
    }));
    const ids = revert.flatMap(({ step }) => (step.kind === 'up' ? step.retags.map(({ id }) => id) : []));
    expect(ids).toEqual(['old', 'old']);
  });

  test('replicas that run different images come back as recorded', () => {
    const input = inputOf(finished);
    const web = input.services.get('web');
    if (web === undefined) throw new Error('no web');
    const mixed = { ...web, containers: [container('web', 'old'), container('web', 'older')] };
    const services = new Map([...input.services, ['web', mixed]]);
    const revert = revertSteps({ ...input, services }, switchSteps({ ...input, services }));
    expect(revert.at(-1)?.step).toMatchObject({ services: ['web'], retags: [{ id: 'old' }] });
  });

  test('what did not run before is not started on the way back', () => {
    const scenario: Scenario = {
      services: { old: { plan: { action: 'remove' }, before: ['old:1', 'old'], finished: true } },
      levels: [],
      oldLevels: [['old']],
    };
    expect(stepsOf(scenario).revert).toEqual([]);
  });

  test('services that are kept have no steps at all', () => {
    const scenario: Scenario = {
      services: { web: { plan: { action: 'keep' }, wanted: ['a', 'a'], before: ['a', 'a'] } },
      levels: [['web']],
      oldLevels: [['web']],
    };
    expect(stepsOf(scenario)).toEqual({ switched: [], revert: [] });
  });

  test('hooks of the switch come after their level, or before all', () => {
    const input = inputOf(finished);
    const wait = { kind: 'wait', service: 'x', condition: 'healthy', seconds: 1 } as const;
    const kinds = switchSteps({
      ...input,
      hooks: [
        { afterLevel: -1, step: { ...wait, service: 'first' } },
        { afterLevel: 0, step: { ...wait, service: 'second' } },
      ],
    }).map(
      ({ number, step }) =>
        `${number} ${step.kind} ${'services' in step ? step.services.join() : 'service' in step ? step.service : ''}`,
    );
    expect(kinds).toEqual([
      '1 install ',
      '2 wait first',
      '3 up db,migrate',
      '4 wait db',
      '5 wait migrate',
      '6 wait second',
      '7 up web',
    ]);
  });
});

describe('a proxy that is kept', () => {
  const proxied = (web: ServicePlan['action'], proxy: ServicePlan['action']): Scenario => ({
    services: {
      web: { plan: { action: web, reasons: ['image'] }, wanted: ['app:1', 'new'], before: ['app:1', 'old'] },
      proxy: {
        plan: { action: proxy },
        wanted: ['nginx', 'n'],
        before: ['nginx', 'n'],
        dependsOn: { web: 'service_started' },
        looksUp: true,
      },
    },
    levels: [['web'], ['proxy']],
    oldLevels: [['web'], ['proxy']],
  });
  const signals = (steps: readonly NumberedStep[]): NumberedStep[] =>
    steps.filter(({ step }) => step.kind === 'signal');

  test('looks up again what it depends on, after the switch and as soon as that was touched after a return', () => {
    const input = inputOf(proxied('recreate', 'keep'));
    const switched = switchSteps(input);
    const up = switched.find(({ step }) => step.kind === 'up');
    expect(
      switched
        .map(({ step }) => step)
        .map(describeStep)
        .at(-1),
    ).toBe('signal HUP to proxy');
    expect(signals(revertSteps(input, switched))).toMatchObject([
      { onlyIfBegun: up?.number, step: { service: 'proxy' } },
    ]);
  });

  test.each([
    ['keep', 'keep'],
    ['recreate', 'recreate'],
  ] as const)('is left alone where there is nothing to look up: %s, %s', (web, proxy) => {
    expect(signals(switchSteps(inputOf(proxied(web, proxy))))).toEqual([]);
  });

  test('is left alone where it does not run', () => {
    const { services, ...rest } = proxied('recreate', 'keep');
    const asleep = { ...rest, services: { ...services, proxy: { ...services['proxy'], resting: true } as Service } };
    expect(signals(switchSteps(inputOf(asleep)))).toEqual([]);
  });
});

class Stage implements Disposable {
  readonly host = new ScriptHost();
  readonly before: object;
  readonly after: object;
  readonly #moved: Readonly<Record<string, string>> | undefined;
  readonly #namesBefore: Readonly<Record<string, string>>;

  constructor(scenario: Scenario) {
    const { host } = this;
    this.#moved = scenario.namesAfterReturn;
    const input = inputOf(scenario);
    for (const [name, { before, resting, ports, network }] of Object.entries(scenario.services)) {
      if (before === undefined) continue;
      host.docker.name(...before);
      const on = network === undefined ? undefined : ([network, scenario.networks?.[network]?.[0] ?? ''] as const);
      if (resting === true) host.docker.rest(name, before[1], on);
      else host.docker.run(name, before[1], ports?.[0], on);
    }
    for (const [name, [before]] of Object.entries(scenario.networks ?? {})) host.docker.addNetwork(name, before);
    for (const [name, id] of Object.entries(scenario.names ?? {})) host.docker.name(name, id);
    for (const network of scenario.newNetworks ?? []) host.docker.addNetwork(network);
    const files = filesOf(scenario);
    for (const [path, [before, after]] of Object.entries(files)) {
      if (before !== undefined) host.put(path, before);
      if (after !== undefined) host.stage(path, after);
    }
    host.keep(input.files);
    this.before = { ...host.docker.snapshot, networks: networksOf(scenario, 0), files: host.files };
    this.#namesBefore = host.docker.snapshot['names'] ?? {};
    const switched = switchSteps(input);
    host.write(switched, host.context('switch', olderCompose(host, scenario)));
    host.write(revertSteps(input, switched), host.context('revert', olderCompose(host, scenario)));
    this.after = afterwards(scenario, host.docker.snapshot, files);
  }

  /** As before; a name under which something serves means that again, even if someone had moved it. */
  get returned(): object {
    const docker = this.host.docker.snapshot;
    if (this.#moved === undefined) return this.before;
    const names = { ...this.#namesBefore };
    for (const [name, id] of Object.entries(this.#moved)) if (docker['names']?.[name] === id) names[name] = id;
    return { ...this.before, names };
  }

  get now(): object {
    return { ...this.host.docker.snapshot, files: this.host.files };
  }

  [Symbol.dispose](): void {
    this.host[Symbol.dispose]();
  }
}

/** Before 2.29.3, a container is created with everything that it depends on in sight. */
function olderCompose(host: ScriptHost, { services }: Scenario): Partial<ScriptContext> {
  const { command } = host.docker;
  const needs = (service: string): string[] =>
    Object.keys(services[service]?.dependsOn ?? {}).flatMap((name) => [...needs(name), name]);
  const { up } = host.context('switch');
  return {
    up: (names, options) => {
      const seen = [...new Set(names.flatMap(needs))].filter((name) => !names.includes(name));
      return [...(seen.length === 0 ? [] : [sh`${command} in-sight ${seen}`]), ...up(names, options)];
    },
  };
}

function networksOf({ networks = {} }: Scenario, which: 0 | 1): Record<string, string> {
  return Object.fromEntries(Object.entries(networks).map(([name, definitions]) => [name, definitions[which]]));
}

function afterwards(
  scenario: Scenario,
  { names, networks }: ScriptHost['docker']['snapshot'],
  files: NonNullable<Scenario['files']>,
): object {
  const list = Object.entries(scenario.services);
  return {
    names: {
      ...names,
      ...Object.fromEntries(list.flatMap(([, { wanted }]) => (wanted === undefined ? [] : [wanted]))),
    },
    running: Object.fromEntries(
      list.flatMap(([name, { wanted }]) => (wanted === undefined ? [] : [[name, wanted[1]]])),
    ),
    stopped: Object.fromEntries(
      list.flatMap(([name, { plan, before }]) =>
        plan.action === 'remove' && before !== undefined ? [[name, before[1]]] : [],
      ),
    ),
    networks: { ...networks, ...networksOf(scenario, 1) },
    files: Object.fromEntries(
      Object.entries(files).flatMap(([path, [, after]]) => (after === undefined ? [] : [[path, after]])),
    ),
  };
}

/** Those of the scenario, and the stack itself. */
function filesOf({ services, files, networks = {} }: Scenario): NonNullable<Scenario['files']> {
  const stack = (which: 'wanted' | 'before'): FileState | undefined => {
    const lines = Object.entries(services).flatMap(([name, { [which]: image, ports }]) =>
      image === undefined ? [] : [`${name} ${image[0]} ${ports?.[which === 'before' ? 0 : 1] ?? ''}\n`],
    );
    return lines.length === 0 ? undefined : text(lines.join(''));
  };
  const attached = (which: 0 | 1): FileState =>
    text(
      Object.entries(services)
        .flatMap(([name, { network }]) =>
          network === undefined ? [] : [`${name} ${network} ${networks[network]?.[which] ?? ''}\n`],
        )
        .join(''),
    );
  const both = Object.keys(networks).length === 0 ? {} : { networks: [attached(0), attached(1)] as const };
  return { ...files, ...both, stack: [stack('before'), stack('wanted')] };
}

function inputOf(scenario: Scenario): RevertInput {
  const services = Object.entries(scenario.services).map(
    ([service, { plan, wanted, before, dependsOn, finished, resting, ports, network, looksUp }]): [
      string,
      SwitchService,
    ] => [
      service,
      {
        service,
        reasons: [],
        ...plan,
        wanted: wanted === undefined ? undefined : { reference: wanted[0], id: wanted[1] },
        containers:
          before === undefined
            ? []
            : [
                {
                  ...container(service, before[1], finished ?? resting),
                  networks: network === undefined ? [] : [network],
                },
              ],
        dependsOn: dependsOn ?? {},
        ports: ports === undefined ? [] : [ports[1]],
        portsBefore: ports === undefined ? [] : [ports[0]],
        containerName: undefined,
        looksUp: looksUp === true ? { name: 'HUP' } : undefined,
      },
    ],
  );
  const files = Object.entries(filesOf(scenario)).flatMap(([path, [before, after]]): FileChange[] =>
    after === undefined ? (before === undefined ? [] : [{ path, change: 'remove' }]) : [{ path, change: 'write' }],
  );
  // Of each service that changes, the name is looked up; it may mean nothing.
  const looked = Object.values(scenario.services).flatMap(({ plan, wanted }): [string, undefined][] =>
    plan.action === 'keep' || wanted === undefined ? [] : [[wanted[0], undefined]],
  );
  const names = new Map<string, string | undefined>([
    ...looked,
    ...Object.values(scenario.services).flatMap(({ before }) => (before === undefined ? [] : [before])),
  ]);
  return {
    services: new Map(services),
    levels: scenario.levels,
    files,
    changedNetworks: Object.keys(scenario.networks ?? {}),
    healthTimeout: 2001,
    hooks: [],
    previous: scenario.oldLevels === undefined ? undefined : manifestOf(scenario),
    namesBefore: new Map([...names, ...Object.entries(scenario.names ?? {})]),
    newNetworks: scenario.newNetworks ?? [],
  };
}

function manifestOf({ services, oldLevels = [] }: Scenario): Manifest {
  const recorded = Object.entries(services).flatMap(
    ([name, { before, dependsOn, finished }]): [string, ManifestService][] =>
      before === undefined
        ? []
        : [
            [
              name,
              {
                image: { reference: before[0], id: before[1] },
                configHash: '',
                replicas: 1,
                oneShot: finished ?? false,
                dependsOn: dependsOn ?? {},
              },
            ],
          ],
  );
  return { services: Object.fromEntries(recorded), levels: oldLevels } as unknown as Manifest;
}

function container(service: string, imageId: string, finished = false): ObservedContainer {
  return {
    id: `c-${service}`,
    name: `shop-${service}-1`,
    imageId,
    configHash: '',
    workingDirectory: '',
    status: finished ? 'exited' : 'running',
    health: 'none',
    exitCode: 0,
    restartCount: 0,
    startedAt: 0,
    env: [],
    networks: [],
  };
}

function stepsOf(
  scenario: Scenario,
  change: (manifest: Manifest) => Manifest = (manifest) => manifest,
): { switched: NumberedStep[]; revert: NumberedStep[] } {
  const found = inputOf({ ...scenario, files: {} });
  const input = { ...found, files: [], previous: found.previous === undefined ? undefined : change(found.previous) };
  const switched = switchSteps(input);
  return { switched, revert: revertSteps(input, switched) };
}

function callsOf(scenario: Scenario): number {
  using stage = new Stage(scenario);
  stage.host.run('switch');
  return stage.host.docker.calls.length;
}
