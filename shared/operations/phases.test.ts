import { expect, test } from '@jest/globals';
import { silentLog } from '../base/log.js';
import { Phases } from './phases.js';

test('each phase is a group of the log, with its time, and the one that failed is remembered', async () => {
  const groups: string[] = [];
  const phases = new Phases({
    ...silentLog,
    phase: async (name, work) => {
      groups.push(name);
      return work();
    },
  });
  expect(phases.current).toBe('start');
  expect(await phases.run('connect', async () => Promise.resolve(7))).toBe(7);
  await expect(phases.run('stage', async () => Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(phases.current).toBe('stage');
  expect(groups).toEqual(['connect', 'stage']);
  expect(phases.times.map(({ name }) => name)).toEqual(['connect', 'stage']);
  for (const { duration } of phases.times) expect(Number.isInteger(duration) && duration >= 0).toBe(true);
  expect(phases.elapsed).toBeGreaterThanOrEqual(0);
});
