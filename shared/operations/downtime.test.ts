import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { downtimes, type ContainerEvent } from './downtime.js';

const event = (time: number, action: string, container: string, service = 'web'): ContainerEvent => ({
  time,
  service,
  container,
  action,
});
const up = new Map([['web', ['old']]]);
const unchecked = (): boolean => false;
const checked = (): boolean => true;

describe('a service was down', () => {
  test('from the end of the last container to the start of the next', () => {
    const events = [event(100, 'die', 'old'), event(350, 'start', 'new')];
    expect(downtimes(events, up, unchecked, 1000)).toEqual({ web: 250 });
  });

  test('until it is healthy, where it has a health check', () => {
    const events = [event(100, 'die', 'old'), event(150, 'start', 'new'), event(900, 'health_status: healthy', 'new')];
    expect(downtimes(events, up, checked, 1000)).toEqual({ web: 800 });
  });

  test('not at all while another one was up', () => {
    const events = [event(50, 'start', 'new'), event(100, 'die', 'old')];
    expect(downtimes(events, up, unchecked, 1000)).toEqual({});
    const two = new Map([['web', ['a', 'b']]]);
    expect(downtimes([event(1, 'die', 'a'), event(2, 'start', 'c'), event(3, 'die', 'b')], two, unchecked, 9)).toEqual(
      {},
    );
  });

  test('twice, in total', () => {
    const events = [event(0, 'die', 'old'), event(10, 'start', 'a'), event(20, 'die', 'a'), event(25, 'start', 'b')];
    expect(downtimes(events, up, unchecked, 1000)).toEqual({ web: 15 });
  });

  test('until the end, when nothing came', () => {
    expect(downtimes([event(100, 'die', 'old')], up, unchecked, 1000)).toEqual({ web: 900 });
  });

  test('only if it was up before, and by its own events', () => {
    const events = [event(1, 'die', 'x', 'db'), event(2, 'die', 'y', 'other')];
    expect(
      downtimes(
        events,
        new Map([
          ['web', ['old']],
          ['db', []],
        ]),
        unchecked,
        9,
      ),
    ).toEqual({});
  });
});

test('the order in which events arrive does not matter, and nothing is down for longer than the run', () => {
  const actions = fc.constantFrom('die', 'start', 'health_status: healthy', 'kill');
  const one = fc.record({ time: fc.nat(1000), action: actions, container: fc.constantFrom('old', 'a', 'b') });
  const events = fc.uniqueArray(one, { selector: ({ time }) => time, maxLength: 12 });
  fc.assert(
    fc.property(events, fc.boolean(), (list, health) => {
      const all = list.map(({ time, action, container }) => event(time, action, container));
      const told = downtimes(all, up, () => health, 1000);
      expect(downtimes([...all].reverse(), up, () => health, 1000)).toEqual(told);
      expect(told['web'] ?? 0).toBeLessThanOrEqual(1000);
    }),
  );
});
