import { expect, test } from 'vitest';
import { singleFlight } from '../../src/util/single-flight.ts';

test('concurrent and later callers share one load', async () => {
  let loads = 0;
  const load = singleFlight(async () => ++loads);
  expect(await Promise.all([load(), load(), load()])).toEqual([1, 1, 1]);
  expect(await load()).toBe(1);
});

test('a failure reaches all who waited and is then forgotten', async () => {
  let loads = 0;
  const load = singleFlight(async () => {
    if (++loads === 1) throw new Error('first');
    return loads;
  });
  const waiting = await Promise.allSettled([load(), load()]);
  expect(waiting.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await load()).toBe(2);
});
