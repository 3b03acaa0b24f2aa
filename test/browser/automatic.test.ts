import type { Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import type { AutomaticEngine, LocalEngine } from '../../src/local.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site?.stop());
beforeEach(async () => {
  page = await site.open();
});
afterEach(() => page.context().close());

/** Replaces the answers of the service. */
const spoilHosted = (handle: (route: Route) => unknown) => page.route('**/v1/classify*', handle);
const status = (code: number) => (route: Route) =>
  route.fulfill({ status: code, headers: { 'access-control-allow-origin': '*' } });
const offline = (route: Route) => route.abort('internetdisconnected');

/** Creates an automatic engine in the page. */
const start = (prefer?: 'local' | 'hosted', options: { device?: 'webgpu'; model?: string } = {}) =>
  page.evaluate(
    ({ url, prefer, options }) => {
      const hosted = unlabel.createClient({ url, maxRetries: 0 });
      const local = unlabel.createLocalEngine<string>({ model: 'cifar10', baseUrl: url, ...options });
      Object.assign(globalThis, { automatic: unlabel.createEngine({ hosted, local, prefer }), local });
    },
    { url: site.hosted.url, prefer, options },
  );
const ready = () => page.evaluate(() => local.ready);

/** Source of the answer, or the error. */
const ask = (bytes = file, topK = 3) =>
  page.evaluate(
    async ([bytes, topK]) => {
      try {
        const { source, device, predictions } = await automatic.classify(unlabel.bytesOf(bytes), { topK });
        return { source, device, count: predictions.length };
      } catch (error) {
        const { name, code } = error as { name: string; code?: string };
        return { name, code };
      }
    },
    [bytes, topK] as const,
  );

declare global {
  var automatic: AutomaticEngine;
  var local: LocalEngine;
}

test('the service answers until the model is loaded, and then the page', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route('**/*.onnx*', async (route) => {
    await held;
    await route.continue();
  });
  await start();
  expect(await ask()).toEqual({ source: 'hosted', device: 'wasm', count: 3 });
  release();
  await ready();
  expect(await ask()).toEqual({ source: 'local', device: 'wasm', count: 3 });
  expect(
    await page.evaluate(async (file) => (await automatic.embed([unlabel.bytesOf(file)]))[0]?.source, file),
  ).toBe('local');
});

test.each([
  ['the network is gone', offline],
  ['it has too many requests', status(429)],
  ['it fails', status(500)],
  ['it is overloaded', status(503)],
  ['it wants a key', status(401)],
])('the page answers in place of the service when %s', async (_, handle) => {
  await spoilHosted(handle);
  await start('hosted');
  expect(await ask()).toMatchObject({ source: 'local' });
});

test('the page waits for its model if the service does not answer', async () => {
  await spoilHosted(offline);
  await start('local');
  expect(await ask()).toMatchObject({ source: 'local' });
});

test.each([
  ['its device is not there', { device: 'webgpu' as const }],
  ['its model is not there', { model: 'no' }],
])('the service answers in place of the page when %s', async (_, options) => {
  await start('local', options);
  expect(await ask()).toMatchObject({ source: 'hosted' });
  await page.evaluate(() => unlabel.failureOf(local.ready));
  expect(await ask()).toMatchObject({ source: 'hosted' });
});

test('the service answers in place of a disposed engine', async () => {
  await start('local');
  await ready();
  await page.evaluate(() => local.dispose());
  expect(await ask()).toMatchObject({ source: 'hosted' });
});

test('the service answers if it is preferred', async () => {
  await start('hosted');
  await ready();
  expect(await ask()).toMatchObject({ source: 'hosted' });
});

test.each(['local', 'hosted'] as const)(
  'an error of the caller is not retried elsewhere (%s)',
  async (prefer) => {
    await start(prefer);
    await ready();
    const requests: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    expect(await ask(base64(Buffer.from('just words, not an image')))).toMatchObject({
      code: 'unsupported_media_type',
    });
    expect(await ask(file, 0)).toMatchObject({ code: 'invalid_parameter' });
    // Only the parameter is the service's to judge.
    expect(requests.filter((url) => url.includes('/v1/classify'))).toHaveLength(prefer === 'hosted' ? 1 : 0);
  },
);

test('an abort ends the call: the other engine is not asked', async () => {
  const asked = Promise.withResolvers<void>();
  await spoilHosted(() => asked.resolve());
  await start('hosted');
  await ready();
  await page.exposeFunction('asked', () => asked.promise);
  const message = await page.evaluate(async (file) => {
    const controller = new AbortController();
    const failure = unlabel.failureOf(
      automatic.classify(unlabel.bytesOf(file), { signal: controller.signal }),
    );
    await (Reflect.get(globalThis, 'asked') as () => Promise<void>)();
    controller.abort(new Error('the user left'));
    return (await failure)?.message;
  }, file);
  expect(message).toBe('the user left');
});

test('if both fail, the error is that of the engine asked first', async () => {
  await spoilHosted(offline);
  await start('hosted', { model: 'no' });
  expect(await ask()).toMatchObject({ name: 'ConnectionError' });
});

/** Classifies a list with an outcome of each; how many were answered, or the code of the call's failure. */
const askForEach = (count: number) =>
  page.evaluate(
    async ([file, count]) => {
      const images = Array.from({ length: count }, () => unlabel.bytesOf(file));
      return automatic.classify(images, { settled: true }).then(
        (outcomes) => outcomes.filter(({ status }) => status === 'fulfilled').length,
        ({ code }) => code as string,
      );
    },
    [file, count] as const,
  );

test('one slow answer of a list holds up no other one', async () => {
  const held = Promise.withResolvers<void>();
  let requests = 0;
  await spoilHosted(async (route) => {
    if (requests++ === 0) await held.promise;
    await route.continue();
  });
  await start('hosted');
  const answered = askForEach(9);
  await expect.poll(() => requests).toBe(9);
  held.resolve();
  expect(await answered).toBe(9);
});

test('after a failure of a list, no further item is asked for', async () => {
  let requests = 0;
  await spoilHosted((route) => {
    requests++;
    return offline(route);
  });
  await start('hosted', { model: 'no' });
  expect(await askForEach(24)).toBe('connection_failed');
  // Calls that take as long as any that would have been begun.
  for (let i = 0; i < 5; i++) await ask();
  expect(requests).toBeLessThanOrEqual(4 + 5);
});

test('an alias of the page stands for a namespace of the service', async () => {
  await start();
  await ready();
  const found = await page.evaluate(
    async ({ url, file }) => {
      const image = unlabel.bytesOf(file);
      const far = [{ id: 'far', vector: image, metadata: { label: 'distant' } }];
      await unlabel.createClient({ url }).vectors.upsert(far, { namespace: 'catalog-2' });
      await automatic.vectors.alias('catalog', 'catalog-2');
      const { matches } = await automatic.search(image, { namespace: 'catalog' });
      const options = { method: 'neighbors', namespace: 'catalog', k: 1 } as const;
      const { predictions } = await automatic.classify(image, options);
      return [matches.map(({ id }) => id), predictions[0]?.label];
    },
    { url: site.hosted.url, file },
  );
  expect(found).toEqual([['far'], 'distant']);
});
