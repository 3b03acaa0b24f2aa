import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { base64, type Site, startSite } from './site.ts';
import { answerTextures } from './textures.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));
const weights = await readFile(new URL('../../model/cifar10/cifar10.int8.onnx', import.meta.url));

let site: Site;
/** Proxy between the page and the deployment; a test may corrupt its weights. */
let baseUrl: string;
let spoil: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
/** Names and ranges of the files requested. */
let asked: string[];
let page: Page;

const proxy = createServer(async (request, response) => {
  const path = request.url ?? '';
  const range = request.headers.range ? ` ${request.headers.range}` : '';
  asked.push(path.replace(/\?.*/, '').split('/').at(-1) + range);
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', '*');
  if (request.method === 'OPTIONS') return response.writeHead(204).end();
  if (path.includes('.onnx') && spoil) return spoil(request, response);
  const answer = await fetch(site.hosted.url + path, {
    headers: request.headers.range ? { range: request.headers.range } : {},
  });
  for (const name of ['content-type', 'content-range', 'etag'])
    if (answer.headers.has(name)) response.setHeader(name, answer.headers.get(name) ?? '');
  response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
});

beforeAll(async () => {
  site = await startSite({ answer: answerTextures });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(async () => {
  proxy.closeAllConnections();
  proxy.close();
  await site?.stop();
});
beforeEach(async () => {
  asked = [];
  spoil = undefined;
  page = await site.open();
});
afterEach(() => page.context().close());

/** Creates an engine, classifies one image, and returns the progress of its weights too. */
const classify = (options: { cache?: boolean } = {}) =>
  page.evaluate(
    async ({ baseUrl, file, options }) => {
      const progress: { loaded: number; total: number }[] = [];
      const engine = unlabel.createLocalEngine({
        model: 'cifar10',
        baseUrl,
        ...options,
        onProgress(step) {
          progress.push(step);
          document.documentElement.dataset.loaded = `${step.loaded}`;
        },
      });
      const failure = await unlabel.failureOf(engine.ready);
      const answer = failure ? undefined : await engine.classify(unlabel.bytesOf(file));
      engine.dispose();
      return { failure, label: answer?.predictions[0]?.label, progress };
    },
    { baseUrl, file, options },
  );

const stored = () =>
  page.evaluate(async () => {
    const cache = await caches.open('unlabel');
    return (await cache.keys()).map(({ url }) => url.replace(/.*\/|\?.*/g, '')).sort();
  });

const downloaded = ['cifar10', 'cifar10.int8.onnx', 'ort.wasm'];
const downloads = () => asked.filter((name) => name.startsWith('cifar10.int8.onnx'));

test('progress grows to the size of the file', async () => {
  const { progress } = await classify();
  expect(progress.length).toBeGreaterThan(0);
  const loaded = progress.map((step) => step.loaded);
  expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
  expect(progress.at(-1)).toEqual({ loaded: weights.length, total: weights.length });
});

test('a second visit asks for the manifest alone, and works offline', async () => {
  const { label } = await classify();
  await expect.poll(stored).toEqual(downloaded);
  asked = [];
  const again = await classify();
  expect(again).toMatchObject({ label, progress: [{ loaded: weights.length, total: weights.length }] });
  expect(asked).toEqual(['cifar10']);

  await page.route(`${baseUrl}/**`, (route) => route.abort('internetdisconnected'));
  expect((await classify()).label).toBe(label);
});

test('the stored manifest serves if the deployment answers 5xx', async () => {
  const { label } = await classify();
  await expect.poll(stored).toEqual(downloaded);
  await page.route('**/v1/models/cifar10', (route) => route.fulfill({ status: 503 }));
  expect((await classify()).label).toBe(label);
  await page.route('**/v1/models/cifar10', (route) => route.fulfill({ status: 404 }));
  expect((await classify()).failure).toMatchObject({ name: 'UnlabelError', code: 'model_not_found' });
});

test('behind a captive portal a later visit works from the stored copies', async () => {
  const visit = () =>
    page.evaluate(
      async ({ baseUrl, file }) => {
        const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
        const { predictions } = await engine.classify(unlabel.bytesOf(file));
        const { matches } = await engine.search(unlabel.bytesOf(file), { namespace: 'gallery', topK: 3 });
        engine.dispose();
        return { predictions, matches };
      },
      { baseUrl, file },
    );
  const first = await visit();
  await expect.poll(stored).toEqual([...downloaded, 'gallery'].toSorted());
  const portal = { contentType: 'text/html', body: '<!doctype html><title>Log in</title>' };
  for (const status of [200, 404]) {
    await page.route(`${baseUrl}/v1/index/**`, (route) => route.fulfill({ ...portal, status }));
    await page.route(`${baseUrl}/v1/models/**`, (route) => route.fulfill(portal));
    expect(await visit()).toEqual(first);
    await page.unrouteAll();
  }
  expect(await stored()).toEqual([...downloaded, 'gallery'].toSorted());
});

test('HTML in place of a namespace is no fault of the caller', async () => {
  await page.route(`${baseUrl}/v1/index/**`, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
  );
  const failure = await page.evaluate((baseUrl) => {
    const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
    return unlabel.failureOf(engine.search({ id: 'a' }));
  }, baseUrl);
  expect(failure).toMatchObject({ code: 'model_unavailable' });
  expect(failure?.message).toMatch(/\/v1\/index\/default .*text\/html/);
});

test('galleries of two models are both stored', async () => {
  // The bytes do not matter here: those of cifar10 stand for both.
  const gallery = await (await fetch(`${site.hosted.url}/v1/index/gallery?model=cifar10`)).arrayBuffer();
  await page.route('**/v1/index/gallery?model=textures', (route) =>
    route.fulfill({ body: Buffer.from(gallery), headers: { 'access-control-allow-origin': '*' } }),
  );
  for (const model of ['cifar10', '/textures/manifest.json', 'cifar10'])
    await page.evaluate(
      async ({ baseUrl, model }) => {
        const engine = unlabel.createLocalEngine({ model, baseUrl });
        await unlabel.failureOf(engine.search({ id: 'nobody' }, { namespace: 'gallery' }));
        engine.dispose();
      },
      { baseUrl, model },
    );
  const galleries = () =>
    page.evaluate(async () => {
      const requests = await (await caches.open('unlabel')).keys();
      return requests.flatMap(({ url }) => (url.includes('gallery') ? [new URL(url).search] : [])).sort();
    });
  await expect.poll(galleries).toEqual(['?model=cifar10', '?model=textures']);
});

test('offline without anything stored is a typed error', async () => {
  await page.route(`${baseUrl}/**`, (route) => route.abort('internetdisconnected'));
  expect((await classify()).failure).toMatchObject({
    name: 'UnlabelError',
    code: 'model_unavailable',
    message: expect.stringContaining(`The manifest ${baseUrl}/v1/models/cifar10 cannot be loaded`),
  });
});

test('nothing is stored with `cache: false`', async () => {
  expect((await classify({ cache: false })).label).toBeDefined();
  await page.waitForTimeout(200);
  expect(await stored()).toEqual([]);
});

test('engines that load at the same time share one download', async () => {
  const labels = await page.evaluate(
    async ({ baseUrl, file }) => {
      const engines = Array.from({ length: 3 }, () =>
        unlabel.createLocalEngine({ model: 'cifar10', baseUrl }),
      );
      const answers = await Promise.all(engines.map((engine) => engine.classify(unlabel.bytesOf(file))));
      for (const engine of engines) engine.dispose();
      return answers.map(({ predictions }) => predictions[0]?.label);
    },
    { baseUrl, file },
  );
  expect(new Set(labels).size).toBe(1);
  expect(downloads()).toHaveLength(1);
  expect(asked.filter((name) => name.endsWith('.wasm'))).toHaveLength(1);
});

test('an engine that loads while the file is being stored shares it too', async () => {
  await page.evaluate(() => {
    const put = Cache.prototype.put;
    Cache.prototype.put = async function (...file) {
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      return put.apply(this, file);
    };
  });
  expect((await classify()).label).toBeDefined();
  expect((await classify()).label).toBeDefined();
  expect(downloads()).toHaveLength(1);
  expect(asked.filter((name) => name.endsWith('.wasm'))).toHaveLength(1);
});

test('a stored file that was damaged is downloaded again', async () => {
  const { label } = await classify();
  await expect.poll(stored).toEqual(downloaded);
  await page.evaluate(async () => {
    const cache = await caches.open('unlabel');
    for (const request of await cache.keys())
      if (/onnx|wasm/.test(request.url)) await cache.put(request, new Response('damaged'));
  });
  asked = [];
  expect((await classify()).label).toBe(label);
  expect(asked.toSorted()).toEqual(downloaded);
});

test('a new version of the weights replaces the old one', async () => {
  await classify();
  await expect.poll(stored).toEqual(downloaded);
  await page.evaluate(async (baseUrl) => {
    const cache = await caches.open('unlabel');
    const old = `${baseUrl}/v1/models/cifar10/cifar10.int8.onnx?sha256=${'0'.repeat(64)}`;
    await cache.put(old, new Response('old'));
    for (const request of await cache.keys())
      if (/sha256=[^0]/.test(request.url)) await cache.delete(request);
  }, baseUrl);
  await classify();
  await expect.poll(stored).toEqual(downloaded);
});

/** Sends a part of the weights, and cuts the connection when the page has some of it. */
function breakAt(bytes: number) {
  return (_: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-length': weights.length });
    response.write(weights.subarray(0, bytes));
    page.waitForSelector('html[data-loaded]').finally(() => response.destroy());
    spoil = undefined;
  };
}

test('an interrupted download resumes where it ended', async () => {
  spoil = breakAt(300_000);
  const { label, progress } = await classify();
  expect(label).toBeDefined();
  const [first, second, ...more] = downloads();
  expect([first, more]).toEqual(['cifar10.int8.onnx', []]);
  const from = Number(/ bytes=(\d+)-$/.exec(second ?? '')?.[1]);
  expect(from).toBeGreaterThan(0);
  expect(from).toBeLessThanOrEqual(300_000);
  const loaded = progress.map((step) => step.loaded);
  expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
});

test('an interrupted download starts over if the server does not support ranges', async () => {
  const whole = (_: IncomingMessage, response: ServerResponse) => void response.writeHead(200).end(weights);
  spoil = (request, response) => {
    breakAt(300_000)(request, response);
    spoil = whole;
  };
  expect((await classify()).label).toBeDefined();
  expect(downloads()).toHaveLength(2);
});

const flipped = Buffer.from(weights);
flipped[5000] = (flipped[5000] as number) ^ 1;

test.each([
  ['with one bit flipped', flipped],
  ['that are longer', Buffer.concat([weights, weights])],
  ['that are HTML', Buffer.from('<!doctype html>')],
])('weights %s are never run or stored, and good ones are loaded later', async (_, bytes) => {
  spoil = (_, response) => void response.writeHead(200).end(bytes);
  const spoilt = await page.evaluate(async (baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
    return unlabel.failureOf(engine.ready);
  }, baseUrl);
  expect(spoilt).toMatchObject({ name: 'UnlabelError', code: 'model_unavailable' });
  expect(spoilt?.message).toMatch(/hash of its manifest|another length/);
  expect(await stored()).not.toContain('cifar10.int8.onnx');

  spoil = undefined;
  const label = await page.evaluate(
    async (file) => (await engine.classify(unlabel.bytesOf(file))).predictions[0]?.label,
    file,
  );
  expect(label).toBeDefined();
});

test('an abort ends the download with its reason, and stores nothing incomplete', async () => {
  const closed = new Promise<void>((resolve) => {
    spoil = (_, response) => {
      response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 100_000));
      response.once('close', () => resolve());
    };
  });
  const failures = await page.evaluate(
    async ({ baseUrl, file }) => {
      const controller = new AbortController();
      const engine = unlabel.createLocalEngine({
        model: 'cifar10',
        baseUrl,
        signal: controller.signal,
        onProgress: () => controller.abort(new Error('the user left')),
      });
      return [
        await unlabel.failureOf(engine.ready),
        await unlabel.failureOf(engine.classify(unlabel.bytesOf(file))),
      ];
    },
    { baseUrl, file },
  );
  expect(failures).toMatchObject([{ message: 'the user left' }, { message: 'the user left' }]);
  await closed;
  expect(downloads()).toHaveLength(1);
  expect(await stored()).not.toContain('cifar10.int8.onnx');
});

test('of two that share a download, one may leave', async () => {
  const begun = Promise.withResolvers<() => void>();
  spoil = (_, response) => {
    response.writeHead(200, { 'content-length': weights.length }).write(weights.subarray(0, 100_000));
    begun.resolve(() => response.end(weights.subarray(100_000)));
  };
  const message = await page.evaluate(async (baseUrl) => {
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = new Set(['leaving', 'staying']);
    const join = (name: string) => () => {
      waiting.delete(name);
      if (waiting.size === 0) controller.abort(new Error('the user left'));
    };
    const options = { model: 'cifar10', baseUrl };
    const leaving = unlabel.createLocalEngine({ ...options, signal, onProgress: join('leaving') });
    globalThis.engine = unlabel.createLocalEngine({ ...options, onProgress: join('staying') });
    return (await unlabel.failureOf(leaving.ready))?.message;
  }, baseUrl);
  expect(message).toBe('the user left');

  (await begun.promise)();
  const { predictions } = await page.evaluate((file) => engine.classify(unlabel.bytesOf(file)), file);
  expect(predictions[0]?.label).toBeTypeOf('string');
  expect(downloads()).toHaveLength(1);
});
