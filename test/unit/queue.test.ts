import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { UnlabelError } from '../../src/contract/errors.ts';
import { limits } from '../../src/contract/limits.ts';
import { Queue } from '../../src/server/queue.ts';

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
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
const run = <Result>(queue: Queue, piece: () => Promise<Result>, signal: AbortSignal) =>
  queue.run((turn) => turn(piece), signal);
const settle = () => vi.advanceTimersByTimeAsync(limits.restMs);

test('one works at a time, in the order of their coming, also after a failure', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const [a, b] = [work('a', log), work('b', log)];
  const failing = run(
    queue,
    async () => {
      log.push('fails');
      throw new Error('broken');
    },
    signal,
  );
  const answers = [run(queue, a.run, signal), run(queue, b.run, signal)];
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
  const queue = new Queue();
  const first = work('first', log);
  const all = [run(queue, first.run, signal)];
  for (let i = 0; i < limits.waitingRequests; i++) all.push(run(queue, async () => `${i}`, signal));
  const late = work('late', log);
  await expect(run(queue, late.run, signal)).rejects.toMatchObject({ code: 'overloaded', status: 503 });
  expect(() => queue.check()).toThrow();
  first.end();
  expect(await Promise.all(all)).toHaveLength(limits.waitingRequests + 1);
  expect(log).toEqual(['first']);
  queue.check();
});

test('who leaves frees the place, and its work never begins', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const first = work('first', log);
  const working = run(queue, first.run, signal);
  const leaving = new AbortController();
  const left = Array.from({ length: limits.waitingRequests }, () =>
    run(queue, work('left', log).run, leaving.signal).catch((error: UnlabelError) => error.message),
  );
  expect(() => queue.check()).toThrow();
  leaving.abort();
  expect(new Set(await Promise.all(left))).toEqual(new Set(['The caller has disconnected']));
  queue.check();
  const last = run(queue, async () => 'last', signal);
  first.end();
  expect([await working, await last]).toEqual(['first', 'last']);
  await expect(run(queue, work('left', log).run, leaving.signal)).rejects.toThrow();
  expect(log).toEqual(['first']);
  expect(vi.getTimerCount()).toBe(0);
});

test('one of a single piece does not wait for all of one of many', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const many = queue.run(async (turn) => {
    for (const name of ['1', '2', '3']) await turn(async () => void log.push(name));
  }, signal);
  await Promise.all([many, run(queue, async () => void log.push('single'), signal)]);
  expect(log).toEqual(['1', 'single', '2', '3']);
});

test('a wait has an end', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const first = work('first', log);
  const working = run(queue, first.run, signal);
  const waiting = run(queue, work('second', log).run, signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(limits.waitMs + 1);
  expect(await waiting).toMatchObject({ code: 'overloaded' });
  first.end();
  await working;
  expect(log).toEqual(['first']);
});

test('work whose end is never told does not keep the others for good', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const lost = work('lost', log);
  void run(queue, lost.run, signal);
  await vi.advanceTimersByTimeAsync(limits.lostMs + 1);
  const next = work('next', log);
  const answer = run(queue, next.run, signal);
  const third = run(queue, async () => 'third', signal);
  // If it does end, the turn is another's by now.
  lost.end();
  await settle();
  expect(log).toEqual(['lost', 'next']);
  next.end();
  expect([await answer, await third]).toEqual(['next', 'third']);
});

test('long work that says that it is alive keeps its turn, and the others wait', async () => {
  const log: string[] = [];
  const queue = new Queue();
  const long = queue.run(
    (turn) =>
      turn(async (alive) => {
        for (let i = 0; i < 4; i++) {
          alive();
          await new Promise((resolve) => setTimeout(resolve, 0.7 * limits.lostMs));
        }
        log.push('long');
      }),
    signal,
  );
  await vi.advanceTimersByTimeAsync(2.5 * limits.lostMs);
  const next = run(queue, async () => void log.push('next'), signal);
  await vi.advanceTimersByTimeAsync(limits.lostMs);
  await Promise.all([long, next]);
  expect(log).toEqual(['long', 'next']);
});

test('between pieces the event loop takes in what came meanwhile', async () => {
  vi.useRealTimers();
  const log: string[] = [];
  const queue = new Queue();
  const many = queue.run(async (turn) => {
    for (const name of ['1', '2', '3'])
      await turn(async () => {
        log.push(name);
        setImmediate(() => log.push(`event after ${name}`));
      });
  }, signal);
  await many;
  expect(log).toEqual(['1', 'event after 1', '2', 'event after 2', '3']);
});
