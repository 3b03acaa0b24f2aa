import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type ServedPage, servePage } from '../../scripts/harness/servers/serve-page.ts';
import { photo12MP } from './deliver.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
/** Cross-origin isolated; and without the Workers' files. */
let isolated: ServedPage;
let workerless: ServedPage;
beforeAll(async () => {
  [isolated, workerless] = await Promise.all([servePage({ isolated: true }), servePage({ workers: false })]);
  // Without the flag a measurement of memory waits for up to a minute.
  const flags = ['--enable-blink-features=ForceEagerMeasureMemory'];
  site = await startSite({ flags, otherPages: [isolated, workerless] });
});
afterAll(async () => {
  await Promise.all([site?.stop(), isolated?.stop(), workerless?.stop()]);
});

/** A page with an engine that is ready. */
async function openWith(
  { stock = false, ...options }: { worker?: boolean; workers?: number; stock?: boolean } = {},
  { url = site.served.url, cores = 2 } = {},
): Promise<Page> {
  const page = await (await site.browser.newContext()).newPage();
  await page.addInitScript((cores) => {
    Object.defineProperty(navigator, 'hardwareConcurrency', { value: cores });
  }, cores);
  await page.goto(url);
  await page.evaluate(
    async ({ baseUrl, stock, options }) => {
      globalThis.engine = unlabel.createLocalEngine({
        model: 'cifar10',
        baseUrl,
        device: 'wasm',
        runtime: stock ? unlabel.stock : undefined,
        ...options,
      });
      await engine.ready;
    },
    { baseUrl: site.hosted.url, stock, options },
  );
  return page;
}

const label = (page: Page) =>
  page.evaluate(async (file) => (await engine.classify(unlabel.bytesOf(file))).predictions[0]?.label, file);

test('device, reason and manifest are known once the engine is ready', async () => {
  const page = await site.open();
  const [before, after] = await page.evaluate(async (baseUrl) => {
    const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, webgpu: unlabel.webgpu });
    const tell = () => [engine.device, engine.reason, engine.manifest?.name];
    const before = tell();
    await engine.ready;
    return [before, tell()];
  }, site.hosted.url);
  expect(before).toEqual([undefined, undefined, undefined]);
  expect(after).toEqual(['wasm', expect.stringMatching(/^WASM: .*GPU/), 'cifar10']);
  await page.context().close();
});

test.each([
  ['by the address of its manifest', (url: string) => ({ model: `${url}/v1/models/cifar10`, baseUrl: url })],
  [
    'with an address for the runtime',
    (url: string) => ({ model: 'cifar10', baseUrl: url, runtimeUrl: `${url}/runtime/VERSION` }),
  ],
])('a model is found %s', async (_, options) => {
  const page = await site.open();
  const name = await page.evaluate(
    async (options: { model: string; baseUrl: string; runtimeUrl?: string }) => {
      const runtimeUrl = options.runtimeUrl?.replace('VERSION', unlabel.runtimeVersion);
      const engine = unlabel.createLocalEngine({ ...options, runtimeUrl });
      await engine.ready;
      return engine.manifest?.name;
    },
    options(site.hosted.url),
  );
  expect(name).toBe('cifar10');
  await page.context().close();
});

test.each([
  ['an unknown model', { model: 'no' }, 'model_not_found'],
  ['a host that is not there', { baseUrl: 'http://127.0.0.1:1' }, 'model_unavailable'],
  ['a runtime that is not there', { runtimeUrl: '/nothing/' }, 'model_unavailable'],
  ['WebGPU where there is none', { device: 'webgpu' as const }, 'model_unavailable'],
])('%s is a typed error', async (_, options, code) => {
  const page = await site.open();
  const failures = await page.evaluate(
    async ({ baseUrl, options, file }) => {
      const { webgpu } = unlabel;
      const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, webgpu, ...options });
      return [
        await unlabel.failureOf(engine.ready),
        await unlabel.failureOf(engine.classify(unlabel.bytesOf(file))),
      ];
    },
    { baseUrl: site.hosted.url, options, file },
  );
  expect(failures).toMatchObject([
    { name: 'UnlabelError', code },
    { name: 'UnlabelError', code },
  ]);
  await page.context().close();
});

test('WebGPU without its runtime is a typed error that names the entry', async () => {
  const page = await site.open();
  const failure = await page.evaluate(
    (baseUrl) =>
      unlabel.failureOf(unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'webgpu' }).ready),
    site.hosted.url,
  );
  expect(failure).toMatchObject({
    code: 'model_unavailable',
    message: expect.stringContaining('unlabel/webgpu'),
  });
  await page.context().close();
});

test('a cross-origin isolated page has threads on the stock runtime, and gives the same answer', async () => {
  const [alone, threaded] = [
    await openWith(),
    await openWith({ stock: true }, { url: isolated.url, cores: 4 }),
  ];
  const scores = (page: Page) =>
    page.evaluate(async (file) => {
      const { predictions } = await engine.classify(unlabel.bytesOf(file), { topK: 1000 });
      return { isolated: crossOriginIsolated, reason: engine.reason, predictions };
    }, file);
  const [one, two] = [await scores(alone), await scores(threaded)];
  expect(one).toMatchObject({ isolated: false, reason: 'WASM: it was asked for' });
  expect(two).toMatchObject({ isolated: true, reason: 'WASM on 2 threads: it was asked for' });
  for (const [i, { score }] of one.predictions.entries())
    expect(Math.abs(score - (two.predictions[i]?.score ?? 1))).toBeLessThanOrEqual(1e-5);
  await Promise.all([alone.context().close(), threaded.context().close()]);
});

test.each([
  ['if the Worker cannot start', {}, () => workerless.url],
  ['without a Worker', { worker: false }, () => site.served.url],
])('the page itself runs the network %s', async (_, options, url) => {
  const [page, reference] = [await openWith(options, { url: url() }), await openWith()];
  // One that could not start may be on its way out.
  await expect.poll(() => page.workers().length).toBe(0);
  expect(reference.workers()).toHaveLength(1);
  expect(await label(page)).toBe(await label(reference));
  await page.evaluate(() => engine.dispose());
  await Promise.all([page.context().close(), reference.context().close()]);
});

test('an aborted call ends at once; it does not run if it has not begun, and other calls do', async () => {
  // A second Worker could overtake the first.
  const page = await openWith({ workers: 1 });
  const result = await page.evaluate(async (file) => {
    const image = () => unlabel.bytesOf(file);
    const reason = new Error('the user left');
    const controller = new AbortController();
    const settled: string[] = [];
    const note = (name: string) => (end: unknown) =>
      void settled.push(`${name}: ${end instanceof Error ? end.message : 'done'}`);
    const begun = engine.classify(Array.from({ length: 8 }, image)).then(note('begun'));
    const waiting = engine.classify(image(), { signal: controller.signal }).catch(note('waiting'));
    const later = engine.embed(image()).then(note('later'));
    controller.abort(reason);
    await Promise.all([begun, waiting, later]);
    const failure = await engine
      .classify(image(), { signal: controller.signal })
      .catch((error) => error === reason);
    return { settled, failure };
  }, file);
  expect(result).toEqual({
    settled: ['waiting: the user left', 'begun: done', 'later: done'],
    failure: true,
  });
  await page.context().close();
});

test('a disposed engine rejects pending and later calls, and ends its Worker', async () => {
  const page = await openWith();
  const failures = await page.evaluate(async (file) => {
    const image = () => unlabel.bytesOf(file);
    const begun = Promise.withResolvers<void>();
    const pending = [
      unlabel.failureOf(
        engine.classify(Array.from({ length: 80 }, image), { onProgress: () => begun.resolve() }),
      ),
      unlabel.failureOf(engine.embed(image())),
    ];
    await begun.promise;
    engine.dispose();
    engine.dispose();
    return Promise.all([
      ...pending,
      unlabel.failureOf(engine.classify(image())),
      unlabel.failureOf(engine.ready),
    ]);
  }, file);
  for (const failure of failures)
    expect(failure).toMatchObject({ code: 'model_unavailable', message: 'The engine has been disposed' });
  await expect.poll(() => page.workers().length).toBe(0);
  await page.context().close();
});

test('an engine disposed while it loads leaves no Worker', async () => {
  const page = await site.open();
  const failure = await page.evaluate(async (baseUrl) => {
    const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
    const failure = unlabel.failureOf(engine.ready);
    engine.dispose();
    return failure;
  }, site.hosted.url);
  expect(failure).toMatchObject({ code: 'model_unavailable' });
  await expect.poll(() => page.workers().length).toBe(0);
  await page.context().close();
});

test('reading images is no work of the page’s thread', async () => {
  /** The part of the page's thread in the CPU time of classifying a small file, a photo and a canvas. */
  const shareOf = async (options: { worker?: boolean }) => {
    const page = await openWith(options);
    const photo = base64(await photo12MP(page));
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable');
    const times = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return ['ThreadTime', 'ProcessTime'].map(
        (name) => metrics.find((metric) => metric.name === name)?.value as number,
      ) as [number, number];
    };
    const before = await times();
    await page.evaluate(
      async ({ file, photo }) => {
        const blobs = [unlabel.bytesOf(file), unlabel.bytesOf(photo)].map((bytes) => new Blob([bytes]));
        const canvas = Object.assign(document.createElement('canvas'), { width: 1024, height: 768 });
        canvas.getContext('2d')?.fillRect(0, 0, 500, 500);
        for (let round = 0; round < 20; round++)
          for (const image of [...blobs, canvas]) await engine.classify(image);
      },
      { file, photo },
    );
    const after = await times();
    await page.context().close();
    return (after[0] - before[0]) / (after[1] - before[1]);
  };
  const share = await shareOf({});
  expect(share).toBeGreaterThan(0);
  expect(share).toBeLessThan((await shareOf({ worker: false })) / 3);
});

test.each([
  ['in Workers', {}],
  ['in the page', { worker: false }],
])('creating and disposing 20 engines %s does not grow memory', { timeout: 180_000 }, async (_, options) => {
  const page = await (await site.browser.newContext()).newPage();
  await page.goto(isolated.url);
  const make = (engines: number) =>
    page.evaluate(
      async ({ baseUrl, file, options, engines }) => {
        for (let i = 0; i < engines; i++) {
          const engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm', ...options });
          await engine.classify(unlabel.bytesOf(file));
          engine.dispose();
        }
      },
      { baseUrl: site.hosted.url, file, options, engines },
    );
  /** Of the page, its Workers and their WebAssembly; collects garbage first, and waits a minute for a Worker that ends. */
  const measure = async () => {
    await expect.poll(() => page.workers().length).toBe(0);
    return page.evaluate(async () => {
      const { measureUserAgentSpecificMemory } = performance as unknown as {
        measureUserAgentSpecificMemory(): Promise<{ bytes: number }>;
      };
      return (await measureUserAgentSpecificMemory.call(performance)).bytes;
    });
  };
  await make(3);
  const before = await measure();
  await make(20);
  const after = await measure();
  console.log({ before, after });
  // One engine holds more than 16 MB: 20 of them could not hide.
  expect(after - before).toBeLessThan(8_000_000);
  await page.context().close();
});
