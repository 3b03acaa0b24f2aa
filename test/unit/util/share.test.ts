import { expect, test } from 'vitest';
import { createShare } from '../../../src/util/share.ts';

const never = new AbortController().signal;

function task() {
  const done = Promise.withResolvers<string>();
  const stored = Promise.withResolvers<void>();
  const signals: AbortSignal[] = [];
  const share = createShare<string, number>();
  const call = (signal = never, onProgress?: (progress: number) => void) =>
    share(
      'key',
      ({ signal, onProgress, until }) => {
        signals.push(signal);
        onProgress(signals.length);
        until(stored.promise);
        return done.promise;
      },
      { signal, onProgress },
    );
  return { call, done, stored, signals };
}

test('callers share one task, its progress and its value', async () => {
  const { call, done, signals } = task();
  const progress: number[] = [];
  const values = [call(), call(never, (step) => progress.push(step))];
  done.resolve('value');
  expect(await Promise.all(values)).toEqual(['value', 'value']);
  expect(progress).toEqual([1]);
  expect(signals).toHaveLength(1);
});

test('it is shared until it is stored, and then done anew', async () => {
  const { call, done, stored, signals } = task();
  done.resolve('value');
  await call();
  expect(await call()).toBe('value');
  expect(signals).toHaveLength(1);
  expect(signals[0]?.aborted).toBe(false);
  stored.resolve();
  await new Promise((resolve) => setTimeout(resolve));
  await call();
  expect(signals).toHaveLength(2);
});

test('a task that could not be stored is done anew', async () => {
  const { call, done, stored, signals } = task();
  done.resolve('value');
  stored.reject(new Error('full'));
  await call();
  await new Promise((resolve) => setTimeout(resolve));
  await call();
  expect(signals).toHaveLength(2);
});

test('the task is aborted when its last caller has left, not before', async () => {
  const { call, signals } = task();
  const [first, second] = [new AbortController(), new AbortController()];
  const calls = [call(first.signal), call(second.signal)];
  await new Promise((resolve) => setTimeout(resolve));
  first.abort('left');
  await expect(calls[0]).rejects.toBe('left');
  expect(signals[0]?.aborted).toBe(false);
  second.abort('left too');
  await expect(calls[1]).rejects.toBe('left too');
  expect(signals[0]?.aborted).toBe(true);
});
