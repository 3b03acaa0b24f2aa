import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { abortable } from '../../../src/util/abortable.ts';
import { delay } from '../../../src/util/delay.ts';
import { timeout } from '../../../src/util/timeout.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const reason = new Error('the user left');
const never = new Promise<never>(() => {});

test('a delay resolves after its time, and leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const remove = vi.spyOn(signal, 'removeEventListener');
  const wait = delay(1000, signal);
  await vi.advanceTimersByTimeAsync(1000);
  await wait;
  expect(remove).toHaveBeenCalledOnce();
});

test.each<[string, (signal: AbortSignal) => Promise<unknown>]>([
  ['delay', (signal) => delay(1000, signal)],
  ['wait', (signal) => abortable(never, signal)],
])('an abort ends a %s at once, also one of before', async (_, wait) => {
  const controller = new AbortController();
  const waiting = wait(controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(wait(controller.signal)).rejects.toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

test('a promise is handed on, and then needs no timer', async () => {
  expect(await timeout(Promise.resolve(7), 1000, () => reason)).toBe(7);
  expect(await abortable(Promise.resolve(7), new AbortController().signal)).toBe(7);
  await expect(timeout(Promise.reject(new Error('own')), 1000, () => reason)).rejects.toThrow('own');
  expect(vi.getTimerCount()).toBe(0);
});

test('a promise that is late is given up', async () => {
  const waiting = timeout(never, 1000, () => reason);
  const settled = expect(waiting).rejects.toBe(reason);
  await vi.advanceTimersByTimeAsync(1000);
  await settled;
});
