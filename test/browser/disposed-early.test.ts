/** Engines that are disposed before they are ready: what comes after begins as if they had not been. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

/** What an engine does on its way: with the stored files, with its Worker, with WebAssembly. */
type Step = 'match' | 'put' | 'start' | 'load' | 'instantiate';

declare global {
  /** Called before each step. */
  var reach: (step: Step) => void;
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
    for (const step of ['match', 'put'] as const) {
      const call = Cache.prototype[step] as (...args: unknown[]) => unknown;
      Object.assign(Cache.prototype, {
        [step](...args: unknown[]) {
          if (`${args[0]}`.endsWith('/ort.wasm')) reach(step);
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

/** Makes an engine, classifies with it, and disposes of it: before a step, or at the end. */
const visit = (worker: boolean, disposeAt?: Step) =>
  page.evaluate(
    async ({ baseUrl, file, worker, disposeAt }) => {
      const steps: Step[] = [];
      globalThis.reach = (step) => {
        steps.push(step);
        if (step === disposeAt) engine.dispose();
      };
      const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm', worker });
      const call = engine.classify(unlabel.bytesOf(file), { topK: 1000 });
      const failure = await unlabel.failureOf(call);
      if (disposeAt) await unlabel.until(() => steps.includes(disposeAt));
      engine.dispose();
      return { failure: failure?.message, predictions: failure ? [] : (await call).predictions };
    },
    { baseUrl: site.hosted.url, file, worker, disposeAt },
  );

test.each([
  [true, 'match'],
  [true, 'put'],
  [true, 'start'],
  [true, 'load'],
  [false, 'match'],
  [false, 'put'],
  [false, 'instantiate'],
] as [worker: boolean, step: Step][])(
  'Worker %s, disposed at %s: the next visits answer',
  async (worker, step) => {
    const ended = await visit(worker, step);
    // The runtime is stored beside the work, which may be done before.
    if (step !== 'put') expect(ended).toMatchObject({ failure: 'The engine has been disposed' });
    const next = await visit(worker);
    expect(next.predictions).toHaveLength(10);
    // From what is stored now. Without a Worker, the page still has the runtime.
    if (worker && step !== 'put')
      expect(await visit(worker, step)).toMatchObject({ failure: 'The engine has been disposed' });
    expect((await visit(worker)).predictions).toEqual(next.predictions);
  },
);
