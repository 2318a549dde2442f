// A dozen pairs of generated projects, and every one that once failed. `./script/soak --seed N --pairs 1` plays one of them again.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startHost, type TestHost } from '../hosts/host.js';
import { makePair, type Pair } from '../soak/pair.js';
import { play, type Outcome } from '../soak/play.js';
import { generations, PATIENCE, together } from './support/scene.js';

/** Even seeds are played on the one generation of host, odd ones on the other. */
const FIXED = [1, 3, 7, 9, 19, 21, 10, 12, 14, 18, 20, 22];
/**
 * 4: of a service that was scaled up and changed, the return kept the new container and took away the old one's name. 15: `scale`
 * in the configuration for a service that has `deploy.replicas` in its Compose file, which Compose refused.
 */
const ONCE_FAILED = [4, 15];

const pairs = [...FIXED, ...ONCE_FAILED].map((seed) => makePair(seed));
const outcomes = new Map<number, Promise<Outcome>>();
const hosts: TestHost[] = [];

beforeAll(async () => {
  await together(generations.map((generation) => async () => void hosts.push(await startHost(generation))));
  for (const host of hosts) {
    let turn: Promise<unknown> = Promise.resolve();
    for (const pair of pairs.filter((one) => one.generation === host.generation)) {
      // Each in its host's turn, both hosts at the same time; a test awaits its own.
      const outcome = turn.then(async () => play(host, pair));
      outcomes.set(pair.seed, outcome);
      turn = outcome;
    }
  }
}, PATIENCE);

afterAll(async () => {
  await Promise.all(outcomes.values());
  await together(hosts.map((host) => async () => host.remove()));
}, pairs.length * PATIENCE);

const title = ({ seed, generation, changes }: Pair): string =>
  `${String(seed)} on ${generation}: ${changes.join(', ')}`;

test.each(pairs.map((pair) => [title(pair), pair] as const))(
  '%s',
  async (_, pair) => {
    const outcome = await outcomes.get(pair.seed);
    expect(outcome).toEqual({ faults: [], log: outcome?.log });
  },
  2 * PATIENCE,
);

test('a seed makes the same pair every time, and other seeds make others', () => {
  const texts = pairs.map((pair) => JSON.stringify(pair));
  expect(pairs.map(({ seed }) => JSON.stringify(makePair(seed)))).toEqual(texts);
  expect(new Set(texts).size).toBe(pairs.length);
});
