import { expect, test } from '@jest/globals';
import { Slots } from './slots.js';

test('no more than the limit at once, in the order of asking', async () => {
  const slots = new Slots(2);
  const order: number[] = [];
  let open = 0;
  let most = 0;
  await Promise.all(
    [0, 1, 2, 3, 4, 5].map(async (index) => {
      const free = await slots.take();
      order.push(index);
      most = Math.max(most, (open += 1));
      await new Promise((resolve) => setTimeout(resolve, 5));
      open -= 1;
      free();
      free();
    }),
  );
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4, 5]);
});

test('who is cancelled while waiting leaves the queue to the others', async () => {
  const slots = new Slots(1);
  const free = await slots.take();
  const abort = new AbortController();
  const cancelled = slots.take(abort.signal);
  const next = slots.take();
  abort.abort();
  await expect(cancelled).rejects.toThrow();
  free();
  (await next)();
  await expect(slots.take(AbortSignal.abort())).rejects.toThrow();
});

test('a refusal lowers the limit to what is open, never below one', async () => {
  const slots = new Slots(4);
  const frees = [await slots.take(), await slots.take(), await slots.take()];
  frees.pop()?.();
  expect(slots.learnRefusal()).toBe(true);
  let got = false;
  void slots.take().then(() => (got = true));
  await Promise.resolve();
  expect(got).toBe(false);
  for (const free of frees) free();
  await new Promise((resolve) => setImmediate(resolve));
  expect(got).toBe(true);
  expect(new Slots(1).learnRefusal()).toBe(false);
});
