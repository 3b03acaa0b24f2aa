import type { Page } from 'playwright-core';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { useClassifier } from '../../src/react.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
let page: Page;
let options: { model: string; baseUrl: string };
beforeAll(async () => {
  site = await startSite({ script: 'test/browser/react-fixture.ts' });
  options = { model: 'cifar10', baseUrl: site.hosted.url };
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
});
afterEach(() => page.context().close());

const Status = () => useClassifier({ model: 'cifar10' }).status;

const render = (props: typeof options | undefined) => page.evaluate((props) => app.render(props), props);
const becomes = (status: string) =>
  page.waitForFunction((status) => app.seen.classifier?.status === status, status);

/** Classifies with what the component was given; the answer, or the code of its failure. */
const classify = () =>
  page.evaluate(async (file) => {
    const bytes = Uint8Array.from(atob(file), (char) => char.charCodeAt(0));
    return app.seen.classifier?.classify(bytes, { topK: 2 }).then(
      ({ source, predictions }) => ({ source, count: predictions.length }),
      ({ code }) => ({ code }),
    );
  }, file);

test('a component loads the model once, gets its progress, and classifies', async () => {
  const weights: string[] = [];
  page.on('request', (request) => request.url().includes('.onnx') && weights.push(request.url()));
  await render(options);
  expect(await classify()).toEqual({ source: 'local', count: 2 });
  await becomes('ready');
  const { statuses, progress } = await page.evaluate(() => ({
    statuses: app.seen.statuses,
    progress: app.seen.classifier?.progress,
  }));
  expect(statuses).toEqual(['loading', 'ready']);
  expect(progress?.loaded).toBe(progress?.total);
  expect(new Set(weights).size).toBe(1);
});

test('`classify` stays the same function, and new options load another model', async () => {
  await render(options);
  await becomes('ready');
  await page.evaluate(() => Object.assign(globalThis, { first: app.seen.classifier?.classify }));
  await page.evaluate((options) => app.render({ ...options, baseUrl: new URL(options.baseUrl) }), options);
  await page.evaluate(
    (options) => app.render({ ...options, baseUrl: new URL(options.baseUrl), device: 'wasm' }),
    options,
  );
  await page.waitForFunction(() => app.seen.statuses.length === 4);
  expect(await page.evaluate(() => app.seen.statuses)).toEqual(['loading', 'ready', 'loading', 'ready']);
  const isSame = () => app.seen.classifier?.classify === Reflect.get(globalThis, 'first');
  expect(await page.evaluate(isSame)).toBe(true);
});

test('no render with new options has the state of the engine with the old ones', async () => {
  await render(options);
  await becomes('ready');
  await page.evaluate((options) => app.render({ ...options, device: 'wasm' }), options);
  const first = await page.evaluate(() => app.seen.renders.find(({ device }) => device === 'wasm'));
  expect(first?.status).toBe('loading');
});

test('all options reach the engine, and each of them loads the model again', async () => {
  const runtimes: string[] = [];
  page.on('request', (request) => {
    if (request.url().endsWith('.wasm'))
      runtimes.push(new URL(request.url()).pathname.split('/').at(-1) ?? '');
  });
  await render(options);
  await becomes('ready');
  await page.evaluate((options) => app.render({ ...options, runtime: app.stock }), options);
  await page.waitForFunction(() => app.seen.statuses.length === 4);
  expect(runtimes).toEqual(['ort.wasm', 'ort-wasm-simd-threaded.wasm']);
});

test('unmounting ends the Worker, and calls are refused', async () => {
  await render(options);
  await becomes('ready');
  // Strict mode has begun and ended another one.
  await expect.poll(() => page.workers().length).toBe(1);
  await render(undefined);
  await expect.poll(() => page.workers().length).toBe(0);
  expect(await classify()).toEqual({ code: 'model_unavailable' });
});

test('a failed load is an error, and the next call loads again', async () => {
  await page.route('**/*.onnx*', (route) => route.abort());
  await render(options);
  await becomes('error');
  const code = () => (app.seen.classifier?.error as { code: string } | undefined)?.code;
  expect(await page.evaluate(code)).toBe('model_unavailable');
  expect(await classify()).toEqual({ code: 'model_unavailable' });

  await page.unroute('**/*.onnx*');
  expect(await classify()).toEqual({ source: 'local', count: 2 });
  await becomes('ready');
  expect(await page.evaluate(code)).toBeUndefined();
});

test('with a client the service answers if the page cannot', async () => {
  await page.route('**/*.onnx*', (route) => route.abort());
  await page.evaluate((options) => {
    const hosted = app.createClient({ url: options.baseUrl });
    app.render({ ...options, hosted });
  }, options);
  await becomes('error');
  expect(await classify()).toEqual({ source: 'hosted', count: 2 });
});

test('a component embeds and searches', async () => {
  await page.evaluate((options) => app.renderLookup(options), options);
  await page.waitForFunction(
    () => app.seen.embedder?.status === 'ready' && app.seen.searcher?.status === 'ready',
  );
  const found = await page.evaluate(async (file) => {
    const bytes = Uint8Array.from(atob(file), (char) => char.charCodeAt(0));
    const embedding = await app.seen.embedder?.embed(bytes);
    const result = await app.seen.searcher?.search(bytes, { namespace: 'gallery', topK: 2 });
    return [embedding?.dimensions, result?.matches.length];
  }, file);
  expect(found).toEqual([128, 2]);
});

test('on a server it renders as loading', () => {
  expect(renderToString(createElement(Status))).toBe('loading');
});
