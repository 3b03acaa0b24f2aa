import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { createEngineStore } from '../../../src/local.ts';
import { base64, type Site, startSite } from '../site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite();
  page = await site.open();
});
afterAll(() => site?.stop());

test('the first subscriber loads the model, all share it, and the last one ends it', async () => {
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  const before = await page.evaluate(async (baseUrl) => {
    const store = unlabel.createEngineStore({ model: 'cifar10', baseUrl });
    Object.assign(globalThis, { store });
    return [await unlabel.failureOf(store.classify(new Blob())), store.getSnapshot()];
  }, site.hosted.url);
  expect(before).toMatchObject([{ code: 'model_unavailable' }, { status: 'loading' }]);
  expect(requests).toEqual([]);

  const seen = await page.evaluate(async (file) => {
    const store = Reflect.get(globalThis, 'store') as ReturnType<typeof unlabel.createEngineStore>;
    const [first, second]: [string[], string[]] = [[], []];
    const follow = (statuses: string[]) => () => {
      const { status } = store.getSnapshot();
      if (statuses.at(-1) !== status) statuses.push(status);
    };
    const stops = [store.subscribe(follow(first)), store.subscribe(follow(second))];
    const image = unlabel.bytesOf(file);
    const { predictions } = await store.classify(image);
    const { dimensions } = await store.embed(image);
    const { matches } = await store.search(image, { namespace: 'gallery', topK: 3 });
    const snapshot = store.getSnapshot();
    const isSame = snapshot === store.getSnapshot();
    stops[0]?.();
    stops[0]?.();
    const { status } = store.getSnapshot();
    Object.assign(globalThis, { stop: stops[1] });
    return { first, second, predictions, dimensions, matches, isSame, status };
  }, file);
  expect(seen).toMatchObject({ dimensions: 128, isSame: true, status: 'ready' });
  expect(seen.first.at(-1)).toBe('ready');
  expect(seen.second).toEqual(seen.first);
  expect([seen.predictions.length, seen.matches.length]).toEqual([5, 3]);
  expect(requests.filter((url) => url.includes('.onnx'))).toHaveLength(1);
  expect(page.workers()).toHaveLength(1);

  await page.evaluate(() => (Reflect.get(globalThis, 'stop') as () => void)());
  await expect.poll(() => page.workers().length).toBe(0);
});

test('calls of a model that is loaded publish nothing', async () => {
  const [changes, isSame] = await page.evaluate(
    async ({ baseUrl, file }) => {
      const store = unlabel.createEngineStore({ model: 'cifar10', baseUrl });
      let changes = 0;
      const stop = store.subscribe(() => changes++);
      await store.classify(unlabel.bytesOf(file));
      const [before, snapshot] = [changes, store.getSnapshot()];
      await store.classify(unlabel.bytesOf(file));
      await store.embed(unlabel.bytesOf(file));
      const isSame = store.getSnapshot() === snapshot;
      stop();
      return [changes - before, isSame];
    },
    { baseUrl: site.hosted.url, file },
  );
  expect([changes, isSame]).toEqual([0, true]);
});

test('a subscription that fails for an invalid address is none', async () => {
  const [failure, calls, status] = await page.evaluate(async (url) => {
    const baseUrl = new URL('ftp://unlabel.example');
    const store = unlabel.createEngineStore({ model: 'cifar10', baseUrl });
    let calls = 0;
    const failure = await unlabel.failureOf((async () => store.subscribe(() => calls++))());
    // The same store with an address that can be used: the second subscriber is the only one, and the last.
    Object.defineProperty(baseUrl, 'toString', { value: () => url });
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = store.subscribe(() => store.getSnapshot().status === 'ready' && resolve());
    await promise;
    stop();
    return [failure, calls, store.getSnapshot().status] as const;
  }, site.hosted.url);
  expect(failure).toMatchObject({ code: 'invalid_parameter', field: 'baseUrl' });
  expect([calls, status]).toEqual([0, 'loading']);
});

test('a failure is a state with its error, which a later call mends', async () => {
  await page.route('**/v1/models/other', (route) => route.abort());
  const states = await page.evaluate(async (baseUrl) => {
    const store = unlabel.createEngineStore<string>({ model: 'other', baseUrl, cache: false });
    const stop = store.subscribe(() => {});
    const failure = await unlabel.failureOf(store.classify(new Blob([new Uint8Array(9)])));
    const { status, error } = store.getSnapshot();
    stop();
    return [failure?.code, status, (error as { code?: string }).code, store.getSnapshot().status];
  }, site.hosted.url);
  expect(states).toEqual(['model_unavailable', 'error', 'model_unavailable', 'loading']);
});

test('on a server it loads nothing', () => {
  const store = createEngineStore({ model: 'cifar10' });
  expect(store.getSnapshot().status).toBe('loading');
});
