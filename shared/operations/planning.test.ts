import { describe, expect, test } from '@jest/globals';
import { deployRequest } from '../../test/support/deploy.js';
import { container, manifest, serviceModel, stackModel } from '../../test/support/stack.js';
import { UserError } from '../base/errors.js';
import type { ComposeModel, FileModel, ResourceModel } from '../compose/model.js';
import type { Manifest, ManifestService } from '../release/manifest.js';
import { fileSources } from '../release/file-sources.js';
import { saltedHash } from '../release/salted-hash.js';
import { invisibleToCompose } from '../release/switch.js';
import type { WantedImage } from '../release/wanted-images.js';
import { foreseenHash, makePlan, type PlanInput } from './planning.js';

const resource = (name: string, definition = '{}'): ResourceModel => ({ name, external: false, definition });
const recorded: ManifestService = {
  image: { reference: 'x:1', id: 'x' },
  configHash: '',
  replicas: 1,
  oneShot: false,
  dependsOn: {},
};
const image = (service: string): WantedImage => ({
  source: 'build',
  builder: 'web',
  reference: `${service}:1`,
  buildInputs: '',
  id: `sha256:${service}`,
});

function input(model: ComposeModel, more: Partial<PlanInput> = {}): PlanInput {
  const names = Object.keys(model.services);
  return {
    request: deployRequest(),
    id: '20261122T000000Z-0000002',
    path: '/srv/shop',
    projectDirectory: '/srv/shop',
    staged: {
      model,
      stagedModel: '',
      configHashes: new Map(names.map((name) => [name, `hash-${name}`])),
      hostFiles: new Map(),
    },
    images: new Map(names.map((name) => [name, image(name)])),
    observed: new Map(),
    previous: undefined,
    files: { added: [], changed: [], removed: [], changes: [], drift: [] },
    env: {},
    warnings: [],
    ...more,
  };
}

const previous = (more: Partial<Manifest> = {}): Manifest => manifest({ services: { web: recorded }, ...more });
const web = serviceModel('web', {
  volumes: [{ type: 'bind', source: '/srv/shop/conf', target: '/conf', readOnly: true }],
});
const stack = stackModel([web]);
const running = new Map([['web', [container('web')]]]);
const actions = (plan: ReturnType<typeof makePlan>): string[] =>
  plan.services.map(({ service, action }) => `${action} ${service}`);

test('a first deploy creates everything', () => {
  const plan = makePlan(input(stack, { env: { A: '1' } }));
  expect(actions(plan)).toEqual(['create web']);
  expect(plan).toMatchObject({ previousRelease: undefined, env: { added: ['A'], changed: [], removed: [] } });
});

test('what runs as recorded is kept, and what left the stack is removed', () => {
  const observed = new Map([...running, ['old', [container('old')]], ['stranger', [container('stranger')]]]);
  const plan = makePlan(input(stack, { observed, previous: previous({ services: { web: recorded, old: recorded } }) }));
  expect(actions(plan)).toEqual(['keep web', 'remove old']);
});

test('a changed file concerns the services that mount it, and no others', () => {
  const model = stackModel([web, serviceModel('other')]);
  const observed = new Map([...running, ['other', [container('other')]]]);
  const files = {
    added: ['conf/new'],
    changed: ['conf/app.conf', 'docker-compose.yml'],
    removed: ['conf/gone'],
    changes: [],
    drift: [],
  };
  const plan = makePlan(input(model, { observed, previous: previous(), files }));
  expect(actions(plan)).toEqual(['recreate web', 'keep other']);
  expect(plan.services[0]?.reasons).toEqual(['mounted files: conf/new, conf/app.conf, conf/gone']);
  const request = deployRequest({ onFileChange: { web: 'ignore' } });
  expect(actions(makePlan(input(model, { observed, previous: previous(), files, request })))).toEqual([
    'keep web',
    'keep other',
  ]);
});

describe('services that live in the containers of others', () => {
  const model = stackModel([
    web,
    serviceModel('side', { networkMode: 'service:web' }),
    serviceModel('inner', { volumesFrom: ['side:ro'] }),
    serviceModel('other', { links: ['web'] }),
  ]);
  const observed = new Map(Object.keys(model.services).map((name) => [name, [container(name)]]));
  const staged = input(model).staged;
  const hashes = (plan: ReturnType<typeof makePlan>): (string | undefined)[] =>
    ['web', 'side', 'inner', 'other'].map((name) => foreseenHash(name, { staged, plan }));

  test('stay when nothing changes', () => {
    const plan = makePlan(input(model, { observed, previous: previous() }));
    expect(actions(plan)).toEqual(['keep web', 'keep side', 'keep inner', 'keep other']);
    expect(hashes(plan)).toEqual(['hash-web', 'hash-side', 'hash-inner', 'hash-other']);
  });

  test('are new when those are, one after another, and their labels are not foreseen then', () => {
    const files = { added: [], changed: ['conf/app.conf'], removed: [], changes: [], drift: [] };
    const plan = makePlan(input(model, { observed, previous: previous(), files }));
    expect(actions(plan)).toEqual(['recreate web', 'recreate side', 'recreate inner', 'keep other']);
    expect(plan.services.map(({ reasons }) => reasons).slice(1)).toEqual([
      ['shares containers of web'],
      ['shares containers of side'],
      [],
    ]);
    expect(hashes(plan)).toEqual(['hash-web', undefined, undefined, 'hash-other']);
  });

  test('are new when those were gone, though nothing is known of their labels', () => {
    const gone = new Map([...observed].filter(([name]) => name !== 'web'));
    const configHashes = new Map([...staged.configHashes].filter(([name]) => name !== 'side'));
    const given = input(model, { observed: gone, previous: previous() });
    const plan = makePlan({ ...given, staged: { ...staged, configHashes } });
    expect(actions(plan)).toEqual(['create web', 'recreate side', 'recreate inner', 'keep other']);
  });

  test('are created at a first deploy like all others', () => {
    const plan = makePlan(input(model));
    expect(actions(plan)).toEqual(['create web', 'create side', 'create inner', 'create other']);
    expect(hashes(plan)).toEqual(['hash-web', undefined, undefined, 'hash-other']);
  });

  test('stay when the number of those changes; which is the first one then is not known', () => {
    const scaled = stackModel([
      { ...web, replicas: 2 },
      ...['side', 'inner', 'other'].flatMap((name) => model.services[name] ?? []),
    ]);
    const plan = makePlan(input(scaled, { observed, previous: previous() }));
    expect(actions(plan)).toEqual(['scale web', 'keep side', 'keep inner', 'keep other']);
    expect(hashes(plan)).toEqual(['hash-web', undefined, 'hash-inner', 'hash-other']);
  });
});

test('environment keys are compared without their values being anywhere', () => {
  const id = previous().id;
  const env = { SAME: saltedHash(id, 'SAME', 's3cret'), OTHER: saltedHash(id, 'OTHER', 's3cret'), GONE: 'x' };
  const plan = makePlan(input(stack, { observed: running, previous: previous({ env }), env: { SAME: 's3cret', OTHER: 's3cret2', NEW: 's3cret' } })); // prettier-ignore
  expect(plan.env).toEqual({ added: ['NEW'], changed: ['OTHER'], removed: ['GONE'] });
  expect(JSON.stringify(plan)).not.toContain('s3cret');
  // Equal values of two keys, or of two releases, do not look equal.
  expect(new Set([saltedHash('1', 'A', 'x'), saltedHash('1', 'B', 'x'), saltedHash('2', 'A', 'x')]).size).toBe(3);
});

describe('configs and secrets, whose content Compose does not look at', () => {
  const source = (more: Partial<FileModel>): FileModel => ({ name: 'x', external: false, file: undefined, content: undefined, environment: undefined, ...more }); // prettier-ignore
  const users = [
    serviceModel('web', { secrets: [{ source: 's', target: undefined }] }),
    serviceModel('w2', { configs: [{ source: 'c', target: '/c' }] }),
    serviceModel('w3', { configs: [{ source: 'l', target: '/c' }, { source: 'f', target: '/f' }] }), // prettier-ignore
    serviceModel('none'),
  ];
  const made = (token: string, literal = 'one', file = 'f', home: Partial<FileModel> = {}): ComposeModel =>
    stackModel(users, {
      secrets: { s: source({ environment: 'TOKEN', ...home }) },
      configs: { c: source({ content: `tok=${token}` }), l: source({ content: literal }), f: source({ file: `/srv/shop/${file}` }) }, // prettier-ignore
    });
  const observed = new Map(users.map(({ name }) => [name, [container(name)]]));
  const services = Object.fromEntries(users.map(({ name }) => [name, recorded]));
  const { id } = previous();
  const old = previous({ services, fileSources: fileSources(id, made('t0ken'), { TOKEN: 't0ken' }) });
  const planned = (
    model: ComposeModel,
    env: Record<string, string>,
    before = old,
  ): ReturnType<typeof makePlan>['services'] =>
    makePlan(input(model, { observed, env, previous: before })).services.filter(({ action }) => action !== 'keep');

  test('exactly what uses a changed one is recreated, and Compose is told to', () => {
    expect(planned(made('t0ken'), { TOKEN: 't0ken' })).toEqual([]);
    const turned = planned(made('t0ken2'), { TOKEN: 't0ken2' });
    expect(turned).toEqual([
      { service: 'web', action: 'recreate', reasons: ['secret s'] },
      { service: 'w2', action: 'recreate', reasons: ['config c'] },
    ]);
    expect(turned.every(invisibleToCompose)).toBe(true);
    expect(JSON.stringify([turned, old])).not.toContain('t0ken');
    expect(planned(made('t0ken', 'two'), { TOKEN: 't0ken' })).toEqual([
      { service: 'w3', action: 'recreate', reasons: ['config l'] },
    ]);
    expect(planned(made('t0ken', '', 'other'), { TOKEN: 't0ken' })[0]?.reasons).toEqual(['config f', 'config l']);
  });

  test('the same content from elsewhere is the same; what nobody wrote down, or only the host knows, tells nothing', () => {
    expect(planned(made('t0ken', 'one', 'f', { content: 't0ken' }), {})).toEqual([]);
    const { fileSources: gone, ...older } = old;
    expect(gone).toBeDefined();
    expect(planned(made('t0ken2', 'two'), { TOKEN: 't0ken2' }, older)).toEqual([]);
    expect(planned(made('t0ken'), {})).toEqual([]);
  });
});

test('hooks are told as people wrote them', () => {
  const hooks = {
    beforeSwitch: [{ kind: 'run' as const, service: 'web', command: ['migrate', 'now'], timeout: 1 }],
    afterSwitch: [{ kind: 'host' as const, command: ['curl'], timeout: 1 }],
  };
  expect(makePlan(input(stack, { request: deployRequest({ hooks }) })).hooks).toEqual([
    'run web migrate now',
    'host curl',
  ]);
});

describe('refused, with nothing changed', () => {
  const refusal = (given: PlanInput): string => {
    try {
      makePlan(given);
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
    return 'not refused';
  };

  test('a hook of a service that the stack does not have', () => {
    const request = deployRequest({
      hooks: {
        beforeSwitch: [{ kind: 'run', service: 'wbe', command: ['migrate'], timeout: 1000 }],
        afterSwitch: [{ kind: 'exec', service: 'nobody', command: ['x'], timeout: 1000 }],
      },
    });
    const message = refusal(input(stack, { request }));
    expect(message).toContain('hooks.before-switch: the stack has no service "wbe": did you mean "web"?');
    expect(message).toContain('hooks.after-switch: the stack has no service "nobody"');
  });

  test('a project of the same name that runs from another folder', () => {
    const observed = new Map([['web', [container('web', { workingDirectory: '/home/me/shop' })]]]);
    const message = refusal(input(stack, { observed, previous: previous() }));
    expect(message).toMatch(/runs from another folder, \/home\/me\/shop \(container shop-web-1\)/);
    expect(refusal(input(stack, { observed }))).toBe(message);
  });

  test('a stack that was started by hand', () => {
    expect(refusal(input(stack, { observed: running }))).toMatch(/shop already runs here \(web\)/);
  });

  test("a changed volume, and a network that is another one's now or was, all at once", () => {
    const model = stackModel([web], {
      networks: { mine: resource('shop_mine'), theirs: { ...resource('shop_theirs', '{}'), external: true } },
      volumes: { data: resource('shop_data', '{"driver":"nfs"}') },
    });
    const networks = { shop_mine: '{"external":true}', shop_theirs: '{"driver":"bridge"}' };
    const old = previous({ networks, volumes: { shop_data: '{}', shop_old: '{}' } });
    const message = refusal(input(model, { observed: running, previous: old }));
    expect(message).toMatch(/the definition of volume shop_data changed/);
    expect(message).toMatch(/network shop_mine was external, and is not any more/);
    expect(message).toMatch(/network shop_theirs is external now, and was not/);
    expect(message.split('\n')).toHaveLength(3);
  });
});

test('a network whose options changed takes what is on it along, and nothing else', () => {
  const model = stackModel([web, serviceModel('other'), serviceModel('idle')], {
    networks: {
      default: resource('shop_default', '{"internal":true}'),
      theirs: { ...resource('theirs', '{"external":true,"x":1}'), external: true },
    },
  });
  const observed = new Map([
    ['web', [container('web', { networks: ['shop_default'] })]],
    ['other', [container('other', { networks: ['shop_default2', 'theirs'] })]],
    ['idle', [container('idle', { status: 'exited', networks: ['shop_default'] })]],
    ['old', [container('old', { networks: ['shop_default'] })]],
  ]);
  const old = previous({
    services: { web: recorded, old: recorded },
    networks: { shop_default: '{}', theirs: '{"external":true}' },
  });
  const plan = makePlan(input(model, { observed, previous: old }));
  expect(actions(plan)).toEqual(['recreate web', 'keep other', 'recreate idle', 'remove old']);
  expect(plan.services[0]?.reasons).toEqual(['options of network shop_default']);
  expect(plan.networks.changed).toEqual(['shop_default']);
  expect(plan.warnings).toEqual([
    'the options of network shop_default changed: it is made anew, and idle, old, web are down from then until recreated on it',
  ]);
});

test('a new network and one that is not used any more are told', () => {
  const model = stackModel([web], { networks: { fresh: resource('shop_fresh') } });
  const plan = makePlan(input(model, { observed: running, previous: previous({ networks: { shop_old: '{}' } }) }));
  expect(plan.networks).toEqual({ added: ['shop_fresh'], changed: [], removed: ['shop_old'] });
});

test('what only an empty database reads does not touch one that runs, whatever it is told to do, and the plan says so', () => {
  const mounted = serviceModel('web', {
    volumes: [{ type: 'bind', source: '/srv/shop/init', target: '/docker-entrypoint-initdb.d', readOnly: true }],
  });
  const files = { added: ['init/b.sql'], changed: ['init/a.sql'], removed: [], changes: [], drift: [] };
  const request = deployRequest({ onFileChange: { web: { test: ['true'], signal: 'HUP' } } });
  const plan = makePlan(input(stackModel([mounted]), { observed: running, previous: previous(), files, request }));
  expect(plan.services).toEqual([{ service: 'web', action: 'keep', reasons: [] }]);
  expect(plan.warnings).toEqual([expect.stringMatching(/^web: init\/b.sql, init\/a.sql changed, and only an empty/)]);
  expect(makePlan(input(stackModel([mounted]), { files })).warnings).toEqual([]);
});
