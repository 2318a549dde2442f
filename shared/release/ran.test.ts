import { describe, expect, test } from '@jest/globals';
import { container, manifest, serviceModel, stackModel } from '../../test/support/stack.js';
import { ranIn, wasOneShot, whatRan, type Ran } from './ran.js';

const job = serviceModel('job', { restart: undefined });
const stack = stackModel([job]);
const waited = stackModel([
  job,
  serviceModel('web', {
    dependsOn: { job: { condition: 'service_completed_successfully', required: true, restart: false } },
  }),
]);
const ran = (running: number, finished = false): Ran => ({ running, finished });

test('what a service did is counted', () => {
  const [up, done] = [container('job'), container('job', { status: 'exited', exitCode: 0 })];
  expect(whatRan([up, done])).toEqual(ran(1));
  expect(whatRan([done])).toEqual(ran(0, true));
  expect(whatRan([container('job', { status: 'created' })])).toEqual(ran(0, true));
  expect(whatRan([container('job', { status: 'exited', exitCode: 1 })])).toEqual(ran(0));
  expect(whatRan([])).toEqual(ran(0));
});

test('a job is one that ended, or whose end is waited for; nothing known leaves it to the file', () => {
  expect(wasOneShot(stack, job, ran(0, true))).toBe(true);
  expect(wasOneShot(stack, job, ran(1))).toBe(false);
  expect(wasOneShot(waited, job, ran(1))).toBe(true);
  expect(wasOneShot(stack, job, undefined)).toBe(true);
  expect(wasOneShot(stack, serviceModel('job'), ran(0, true))).toBe(false);
});

describe('where it ran', () => {
  const recorded = (one: Ran | undefined): ReturnType<typeof manifest> =>
    manifest({
      id: 'r1',
      services: {
        job: {
          image: { reference: 'x:1', id: 'x' },
          configHash: '',
          replicas: 1,
          oneShot: true,
          ...(one === undefined ? {} : { ran: one }),
          dependsOn: {},
        },
      },
    });

  test('it must run again, unless another waits for its end', () => {
    expect(ranIn(recorded(ran(2)), stack, job)).toBe('r1');
    expect(ranIn(recorded(ran(2)), waited, job)).toBeUndefined();
    expect(ranIn(recorded(ran(0, true)), stack, job)).toBeUndefined();
    expect(ranIn(recorded(undefined), stack, job)).toBeUndefined();
    expect(ranIn(undefined, stack, job)).toBeUndefined();
  });
});
