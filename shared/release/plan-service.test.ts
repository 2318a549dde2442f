import { describe, expect, test } from '@jest/globals';
import { container, serviceModel } from '../../test/support/stack.js';
import { planService, type WantedService } from './plan-service.js';
import { invisibleToCompose } from './switch.js';

const wanted: WantedService = {
  service: 'web',
  model: serviceModel('web', { environment: { LEVEL: 'info', EMPTY: '' } }),
  replicas: 1,
  oneShot: false,
  configHash: 'hash',
  imageReference: 'app@sha256:1',
  imageId: 'image',
  changedFiles: [],
  changedSources: [],
  reaction: { action: 'recreate' },
  force: false,
};
const running = container('web', { imageId: 'image', configHash: 'hash', env: ['LEVEL=info', 'EMPTY=', 'PATH=/bin'] });

test('untouched means untouched', () => {
  expect(planService(wanted, [running])).toEqual({ service: 'web', action: 'keep', reasons: [] });
});

describe('an action and its reasons', () => {
  test.each<[string, Partial<WantedService>, readonly Partial<typeof running>[], string, readonly string[]]>([
    ['nothing runs', {}, [], 'create', ['new']],
    ['nothing runs and nothing shall', { replicas: 0 }, [], 'keep', []],
    ['another image', { imageId: 'other' }, [{}], 'recreate', ['image']],
    ['an image not fetched yet', { imageId: undefined }, [{}], 'recreate', ['image']],
    ['one replica on another image', { replicas: 2 }, [{}, { imageId: 'older' }], 'recreate', ['image']],
    ['another config', { configHash: 'other' }, [{}], 'recreate', ['config']],
    [
      'another environment',
      { configHash: 'other' },
      [{ env: ['LEVEL=debug', 'PATH=/bin'] }],
      'recreate',
      ['env: EMPTY, LEVEL'],
    ],
    ['another replica has the old config', { replicas: 2 }, [{}, { configHash: 'older' }], 'recreate', ['config']],
    ['a config that cannot be foreseen', { configHash: undefined }, [{}], 'keep', []],
    ['mounted files', { changedFiles: ['a', 'b'] }, [{}], 'recreate', ['mounted files: a, b']],
    [
      'mounted files, restarted',
      { changedFiles: ['a'], reaction: { action: 'restart' } },
      [{}],
      'restart',
      ['mounted files: a'],
    ],
    [
      'mounted files, told of them',
      { changedFiles: ['a'], reaction: { action: 'signal', signal: { name: 'HUP' } } },
      [{}],
      'signal',
      ['mounted files: a'],
    ],
    [
      'mounted files, and nothing runs that could be told',
      { changedFiles: ['a'], reaction: { action: 'signal', signal: { name: 'HUP' } } },
      [{ status: 'restarting' }],
      'recreate',
      ['mounted files: a'],
    ],
    ['mounted files, ignored', { changedFiles: ['a'], reaction: { action: 'ignore' } }, [{}], 'keep', []],
    [
      'an image and files',
      { imageId: 'other', changedFiles: ['a'], reaction: { action: 'restart' } },
      [{}],
      'recreate',
      ['image', 'mounted files: a'],
    ],
    ['more replicas', { replicas: 3 }, [{}], 'scale', ['1 -> 3 replicas']],
    ['more of what runs without a restart policy', { replicas: 3, oneShot: true }, [{}], 'scale', ['1 -> 3 replicas']],
    [
      'more replicas and files: those that stay must not keep the old content',
      { replicas: 3, changedFiles: ['a'] },
      [{}],
      'recreate',
      ['1 -> 3 replicas', 'mounted files: a'],
    ],
    [
      'more replicas and ignored files',
      { replicas: 3, changedFiles: ['a'], reaction: { action: 'ignore' } },
      [{}],
      'scale',
      ['1 -> 3 replicas', 'mounted files: a'],
    ],
    ['forced', { force: true }, [{}], 'recreate', ['asked for by force-recreate']],
    ['stopped by someone', {}, [{ status: 'exited' }], 'start', ['not running (exited)']],
    ['a one-shot that finished', { oneShot: true }, [{ status: 'exited', exitCode: 0 }], 'keep', ['finished']],
    [
      'a one-shot that failed',
      { oneShot: true },
      [{ status: 'exited', exitCode: 1 }],
      'recreate',
      ['not running (exited)'],
    ],
    ['a one-shot that a return created', { oneShot: true }, [{ status: 'created' }], 'keep', ['finished before']],
    [
      'what ran when its release was confirmed, and ended well since',
      { oneShot: true, ranIn: 'r1' },
      [{ status: 'exited', exitCode: 0 }],
      'start',
      ['not running (exited), and ran in release r1'],
    ],
    ['a one-shot of a new image', { oneShot: true, imageId: 'other' }, [{ status: 'exited' }], 'recreate', ['image']],
  ])('%s', (_, change, containers, action, reasons) => {
    const plan = planService(
      { ...wanted, ...change },
      containers.map((one) => ({ ...running, ...one })),
    );
    expect({ action: plan.action, reasons: plan.reasons }).toEqual({ action, reasons });
  });
});

test('an image is told by what it was and will be', () => {
  expect(planService({ ...wanted, imageId: undefined }, [running]).image).toEqual({
    from: 'image',
    to: 'app@sha256:1',
  });
  expect(planService(wanted, []).image).toEqual({ to: 'image' });
  expect(planService(wanted, [running]).image).toBeUndefined();
});

test('values of the environment are never among the reasons', () => {
  const plan = planService({ ...wanted, configHash: 'other' }, [{ ...running, env: ['LEVEL=s3cret'] }]);
  expect(JSON.stringify(plan)).not.toMatch(/s3cret|info/);
});

test.each<[Partial<WantedService>, boolean]>([
  [{ changedFiles: ['a'] }, true],
  [{ changedFiles: ['a'], replicas: 2 }, true],
  [{ force: true }, true],
  [{ configHash: 'other' }, false],
  [{ imageId: 'other', changedFiles: ['a'] }, false],
  [{ replicas: 2 }, false],
])('what Compose itself does not see is forced: %j', (change, invisible) => {
  expect(invisibleToCompose(planService({ ...wanted, ...change }, [running]))).toBe(invisible);
});

test('new files are tested whatever brings them, and not where they are none', () => {
  const reaction = { action: 'recreate', test: { command: ['nginx', '-t'], byDefault: true } } as const;
  const tested = (more: Partial<WantedService>) => planService({ ...wanted, reaction, ...more }, [running]).test;
  expect(tested({ changedFiles: ['a'] })).toEqual(reaction.test);
  expect(tested({ changedFiles: ['a'], imageId: 'other' })).toEqual(reaction.test);
  expect(tested({ changedFiles: ['a'], replicas: 2 })).toEqual(reaction.test);
  expect(tested({ imageId: 'other' })).toBeUndefined();
});
