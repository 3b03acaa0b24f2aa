/** The state of the runtime that a visit keeps for the next one, where an engine is disposed before it is ready. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { base64, type Site, startSite } from '../site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

/** What an engine does on its way: with the kept state, with its Worker, with WebAssembly. */
type Step = 'match' | 'put' | 'delete' | 'start' | 'load' | 'instantiate';

declare global {
  /** Called before each step. */
  var reach: (step: Step) => void;
  /** Whether the state of a runtime is in the Cache API. */
  var isKept: () => Promise<boolean>;
}

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
  await page.evaluate(() => {
    globalThis.isKept = async () => {
      const kept = await (await caches.open('unlabel')).keys();
      return kept.some(({ url }) => url.endsWith('?started='));
    };
    for (const step of ['match', 'put', 'delete'] as const) {
      const call = Cache.prototype[step] as (...args: unknown[]) => unknown;
      Object.assign(Cache.prototype, {
        [step](...args: unknown[]) {
          if (`${args[0]}`.endsWith('?started=')) reach(step);
          return call.apply(this, args);
        },
      });
    }
    const { instantiate } = WebAssembly;
    WebAssembly.instantiate = ((...args: Parameters<typeof instantiate>) => {
      reach('instantiate');
      return instantiate(...args);
    }) as typeof instantiate;
    globalThis.Worker = class extends Worker {
      override postMessage(
        message: { method: Step },
        transfer: Transferable[] | StructuredSerializeOptions = [],
      ) {
        reach(message.method);
        super.postMessage(message, transfer as Transferable[]);
      }
    } as typeof Worker;
  });
});
afterEach(() => page.context().close());

/** Makes an engine, classifies with it, and disposes of it: before a step, or at the end, when its state is kept if it should. */
const visit = (worker: boolean, disposeAt?: Step, keeps = false) =>
  page.evaluate(
    async ({ baseUrl, file, worker, disposeAt, keeps }) => {
      const steps: Step[] = [];
      globalThis.reach = (step) => {
        steps.push(step);
        if (step === disposeAt) engine.dispose();
      };
      const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm', worker });
      const call = engine.classify(unlabel.bytesOf(file), { topK: 1000 });
      const failure = await unlabel.failureOf(call);
      if (disposeAt) await unlabel.until(() => steps.includes(disposeAt));
      while (keeps && !(await isKept())) await new Promise((resolve) => setTimeout(resolve, 20));
      // Time for what else is kept or forgotten beside the answer.
      await new Promise((resolve) => setTimeout(resolve, 300));
      engine.dispose();
      return { steps, failure: failure?.message, predictions: failure ? [] : (await call).predictions };
    },
    { baseUrl: site.hosted.url, file, worker, disposeAt, keeps },
  );

/** Where an engine ends early, in a Worker and in the page. */
const ends: [worker: boolean, step: Step][] = [
  [true, 'match'],
  [true, 'start'],
  [true, 'load'],
  [false, 'match'],
  [false, 'instantiate'],
];

test.each(ends)(
  'on the first visit, Worker %s, disposed at %s: the next ones begin as if it had not been',
  async (worker, step) => {
    expect(await visit(worker, step)).toMatchObject({ failure: 'The engine has been disposed' });
    const first = await visit(worker, undefined, true);
    expect(first.predictions).toHaveLength(10);
    const second = await visit(worker);
    expect(second.predictions).toEqual(first.predictions);
    expect(second.steps).not.toContain('put');
  },
);

test.each([true, false])('disposed while its state is kept, Worker %s: it is kept whole', async (worker) => {
  expect((await visit(worker, 'put')).steps).toContain('put');
  await expect.poll(() => page.evaluate(() => isKept())).toBe(true);
  const next = await visit(worker);
  expect(next.predictions).toHaveLength(10);
  expect(next.steps.filter((step) => step === 'put' || step === 'delete')).toEqual([]);
});

test.each(ends)('on a later visit, Worker %s, disposed at %s: what was kept stays', async (worker, step) => {
  const first = await visit(worker, undefined, true);
  const ended = await visit(worker, step);
  expect(ended).toMatchObject({ failure: 'The engine has been disposed' });
  const next = await visit(worker);
  expect(next.predictions).toEqual(first.predictions);
  expect([...ended.steps, ...next.steps].filter((step) => step === 'put' || step === 'delete')).toEqual([]);
});
