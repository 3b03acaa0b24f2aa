import { expect, test } from 'vitest';
import { singleFlight } from '../../../src/util/single-flight.ts';

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

test('the call that starts the load gives the arguments', async () => {
  const load = singleFlight(async (name: string) => name);
  expect(await Promise.all([load('first'), load('second')])).toEqual(['first', 'first']);
});

test('after a reset the next call loads anew, and who waits gets the value of before', async () => {
  let loads = 0;
  const load = singleFlight(async () => ++loads);
  const waiting = load();
  load.reset();
  expect(await load()).toBe(2);
  expect(await waiting).toBe(1);
  expect(await load()).toBe(2);
});

test('a failure from before a reset leaves the load of after it alone', async () => {
  const first = Promise.withResolvers<number>();
  let loads = 0;
  const load = singleFlight(() => (++loads === 1 ? first.promise : Promise.resolve(loads)));
  const waiting = load();
  load.reset();
  const next = load();
  first.reject(new Error('late'));
  await expect(waiting).rejects.toThrow('late');
  expect(await next).toBe(2);
  expect(await load()).toBe(2);
});
