import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type ServedPage, servePage } from '../../scripts/harness/servers/serve-page.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
/** Whose policy forbids Workers; and whose script is of another origin. */
let forbidden: ServedPage;
let foreign: ServedPage;
let scripts: ServedPage;
beforeAll(async () => {
  [forbidden, scripts] = await Promise.all([
    servePage({ headers: { 'content-security-policy': "worker-src 'none'" } }),
    servePage(),
  ]);
  foreign = await servePage({ scripts: scripts.url.replace(/\/$/, '') });
  site = await startSite({ otherPages: [forbidden, foreign] });
});
afterAll(async () => {
  await Promise.all([site?.stop(), forbidden?.stop(), foreign?.stop(), scripts?.stop()]);
});

declare global {
  /** How often something that a test has broken was asked for. */
  var waits: number;
}

async function openPage(url: string, { clock = false } = {}): Promise<Page> {
  const page = await (await site.browser.newContext()).newPage();
  await page.addInitScript(() => {
    globalThis.waits = 0;
  });
  if (clock) await page.clock.install();
  await page.goto(url);
  await page.waitForFunction(() => 'unlabel' in globalThis);
  return page;
}

const expectWaits = (page: Page) => expect.poll(() => page.evaluate(() => waits)).toBeGreaterThan(0);

/** Classifies with a new engine, and tells where it ran. */
const start = (page: Page, options: { worker?: boolean } = {}) =>
  page.evaluate(
    async ({ baseUrl, file, options }) => {
      globalThis.engine = unlabel.createLocalEngine({
        model: 'cifar10',
        baseUrl,
        device: 'wasm',
        ...options,
      });
      const before = engine.thread;
      await engine.classify(unlabel.bytesOf(file));
      await engine.classify(unlabel.bytesOf(file));
      return { before, thread: engine.thread, reason: engine.reason };
    },
    { baseUrl: site.hosted.url, file, options },
  );

test('a script of another origin starts a Worker', async () => {
  const page = await openPage(foreign.url);
  expect(await start(page)).toEqual({
    before: undefined,
    thread: 'worker',
    reason: 'WASM: it was asked for',
  });
  expect(page.workers()).toHaveLength(1);
  await page.context().close();
});

test.each([
  ['which no policy forbids, if it is not wanted', { worker: false }, () => site.served.url, []],
  [
    'which a policy forbids',
    {},
    () => forbidden.url,
    [expect.stringMatching(/^unlabel: .*blocks the page.*worker-trimmed-web\.js/)],
  ],
])('without a Worker, %s, the page runs the network and says so', async (_, options, url, expected) => {
  const page = await openPage(url());
  const warnings: string[] = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  const { thread, reason } = await start(page, options);
  expect(thread).toBe('page');
  expect(warnings.filter((text) => text.startsWith('unlabel'))).toEqual(expected);
  expect(reason).toMatch(
    expected.length > 0 ? /; in the page, because no Worker could start: / : /asked for$/,
  );
  await page.context().close();
});

test('a Worker that died rejects its call in bounded time, and the next call starts another', async () => {
  const page = await openPage(site.served.url, { clock: true });
  await start(page);
  await page.evaluate((file) => {
    const { postMessage } = Worker.prototype;
    // As a Worker does that the browser has ended: it takes messages and answers none.
    Worker.prototype.postMessage = () => {
      Worker.prototype.postMessage = postMessage;
      waits++;
    };
    Object.assign(globalThis, { failure: unlabel.failureOf(engine.classify(unlabel.bytesOf(file))) });
  }, file);
  await expectWaits(page);
  await page.clock.fastForward(130_000);
  const [failure, next] = await page.evaluate(
    async (file) => [
      await Reflect.get(globalThis, 'failure'),
      (await engine.classify(unlabel.bytesOf(file))).predictions.length,
    ],
    file,
  );
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'model_unavailable' });
  expect(failure.message).toContain('did not answer within 120 s');
  expect(next).toBe(5);
  await page.context().close();
});

test('a Worker that never starts is replaced by the page in bounded time', async () => {
  const page = await openPage(site.served.url, { clock: true });
  await page.evaluate((baseUrl) => {
    Object.defineProperty(Worker.prototype, 'onmessage', { set: () => waits++ });
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
  }, site.hosted.url);
  await expectWaits(page);
  // Downloads would be given up, too.
  await expect
    .poll(() => page.evaluate(async () => (await (await caches.open('unlabel')).keys()).length))
    .toBe(3);
  await page.clock.fastForward(31_000);
  await page.evaluate(() => engine.ready);
  expect(await page.evaluate(() => [engine.thread, engine.reason])).toEqual([
    'page',
    expect.stringContaining('did not start within 30 s'),
  ]);
  await page.context().close();
});

test('storage that never answers is given up in bounded time', async () => {
  const page = await openPage(site.served.url, { clock: true });
  await page.evaluate((baseUrl) => {
    CacheStorage.prototype.open = () => {
      waits++;
      return new Promise(() => {});
    };
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
    Object.assign(globalThis, { isReady: false });
    engine.ready.then(() => Object.assign(globalThis, { isReady: true }));
  }, site.hosted.url);
  // Manifest, weights and runtime ask it; only the first ones wait, each by the clock from then on.
  await expectWaits(page);
  await page.clock.fastForward(5_100);
  await expect.poll(() => page.evaluate(() => Reflect.get(globalThis, 'isReady'))).toBe(true);
  await page.context().close();
});

test('a deployment that never answers is a typed error in bounded time', async () => {
  const page = await openPage(site.served.url, { clock: true });
  const asked = Promise.withResolvers<void>();
  await page.route('**/v1/models/cifar10', () => asked.resolve());
  await page.evaluate((baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
    Object.assign(globalThis, { failure: unlabel.failureOf(engine.ready) });
  }, site.hosted.url);
  await asked.promise;
  await page.clock.fastForward(31_000);
  const failure = await page.evaluate(() => Reflect.get(globalThis, 'failure'));
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'model_unavailable' });
  expect(failure.message).toContain('nothing arrived for 30000 ms');
  await page.context().close();
});
