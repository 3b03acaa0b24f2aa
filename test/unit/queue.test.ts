import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UnlabelError } from '../../src/contract/errors.ts';
import { limits } from '../../src/contract/limits.ts';
import { Turns } from '../../src/server/queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const { signal } = new AbortController();

/** Work that ends when it is told to. */
function work(name: string, log: string[]) {
  let end = (): void => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  return {
    end,
    run: async () => {
      log.push(name);
      await until;
      return name;
    },
  };
}
const run = <Result>(turns: Turns, piece: () => Promise<Result>, signal: AbortSignal) =>
  turns.run((turn) => turn(piece), signal);
const settle = () => vi.advanceTimersByTimeAsync(0);

test('one works at a time, in the order of their coming, also after a failure', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const [a, b] = [work('a', log), work('b', log)];
  const failing = run(
    turns,
    async () => {
      log.push('fails');
      throw new Error('broken');
    },
    signal,
  );
  const answers = [run(turns, a.run, signal), run(turns, b.run, signal)];
  await expect(failing).rejects.toThrow('broken');
  await settle();
  expect(log).toEqual(['fails', 'a']);
  b.end();
  await settle();
  expect(log).toEqual(['fails', 'a']);
  a.end();
  expect(await Promise.all(answers)).toEqual(['a', 'b']);
});

test('one more than may wait is refused at once', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const first = work('first', log);
  const all = [run(turns, first.run, signal)];
  for (let i = 0; i < limits.waitingRequests; i++) all.push(run(turns, async () => `${i}`, signal));
  const late = work('late', log);
  await expect(run(turns, late.run, signal)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  expect(() => turns.check()).toThrow();
  first.end();
  expect(await Promise.all(all)).toHaveLength(limits.waitingRequests + 1);
  expect(log).toEqual(['first']);
  turns.check();
});

test('who leaves frees the place, and its work never begins', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const first = work('first', log);
  const working = run(turns, first.run, signal);
  const leaving = new AbortController();
  const left = Array.from({ length: limits.waitingRequests }, () =>
    run(turns, work('left', log).run, leaving.signal).catch((error: UnlabelError) => error.message),
  );
  expect(() => turns.check()).toThrow();
  leaving.abort();
  expect(new Set(await Promise.all(left))).toEqual(new Set(['The caller has left']));
  turns.check();
  const last = run(turns, async () => 'last', signal);
  first.end();
  expect([await working, await last]).toEqual(['first', 'last']);
  await expect(run(turns, work('left', log).run, leaving.signal)).rejects.toThrow();
  expect(log).toEqual(['first']);
});

test('one of a single piece does not wait for all of one of many', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const many = turns.run(async (turn) => {
    for (const name of ['1', '2', '3']) await turn(async () => void log.push(name));
  }, signal);
  await Promise.all([many, run(turns, async () => void log.push('single'), signal)]);
  expect(log).toEqual(['1', 'single', '2', '3']);
});

test('a wait has an end', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const first = work('first', log);
  const working = run(turns, first.run, signal);
  const waiting = run(turns, work('second', log).run, signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(limits.waitMs + 1);
  expect(await waiting).toMatchObject({ code: 'overloaded' });
  first.end();
  await working;
  expect(log).toEqual(['first']);
});

test('work whose end is never told does not keep the others for good', async () => {
  const log: string[] = [];
  const turns = new Turns();
  const lost = work('lost', log);
  void run(turns, lost.run, signal);
  await vi.advanceTimersByTimeAsync(limits.lostMs + 1);
  const next = work('next', log);
  const answer = run(turns, next.run, signal);
  const third = run(turns, async () => 'third', signal);
  // If it does end, the turn is another's by now.
  lost.end();
  await settle();
  expect(log).toEqual(['lost', 'next']);
  next.end();
  expect([await answer, await third]).toEqual(['next', 'third']);
});
