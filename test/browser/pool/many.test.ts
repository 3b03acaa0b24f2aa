import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhoto } from '../../../scripts/harness/inputs/draw-photo.ts';
import { drawPng } from '../../../scripts/harness/inputs/draw-png.ts';
import { pageLimits } from '../../../src/local/limits.ts';
import type { LocalOptions } from '../../../src/local.ts';
import { base64, type Site, startSite } from '../site.ts';

let site: Site;
/** A photo that takes a while to read, and small pictures with other answers. */
let pictures: string[];
beforeAll(async () => {
  site = await startSite();
  const small = [40, 90, 140, 190].map((blue) => drawPng(40, 32, (x, y) => [x * 6, (y * blue) % 256, blue]));
  pictures = [await drawPhoto(1_152, 864), ...small].map(base64);
});
afterAll(() => site?.stop());

declare global {
  /** Pictures of the test as files: the photo three times of four, then another of the small ones. */
  var files: (count: number) => File[];
  /** Images that are in Workers, the most that have been, and the Workers that have had any and go on. */
  var inWorkers: { now: number; most: number; used: Set<Worker> };
}

/** A page with an engine that is ready, and that counts what is in its Workers. */
async function openWith(options: Partial<LocalOptions> = { workers: 2 }): Promise<Page> {
  const page = await (await site.browser.newContext()).newPage();
  await page.goto(site.served.url);
  await page.waitForFunction(() => 'unlabel' in globalThis);
  await page.evaluate(
    async ({ baseUrl, pictures, options }) => {
      const blobs = pictures.map((picture) => unlabel.bytesOf(picture));
      globalThis.files = (count) =>
        Array.from({ length: count }, (_, i) => {
          const bytes = blobs[i % 4 === 3 ? 1 + ((i >> 2) % 4) : 0] as Uint8Array<ArrayBuffer>;
          return new File([bytes], `${i}`);
        });
      globalThis.inWorkers = { now: 0, most: 0, used: new Set() };
      globalThis.Worker = class extends Worker {
        /** Images of the calls that it has not answered. */
        #calls: number[] = [];
        constructor(...args: ConstructorParameters<typeof Worker>) {
          super(...args);
          this.addEventListener('message', () => {
            inWorkers.now -= this.#calls.shift() ?? 0;
          });
        }
        override postMessage(
          message: { method: string; argument: unknown[] },
          transfer: Transferable[] | StructuredSerializeOptions = [],
        ) {
          const images = message.method === 'run' ? message.argument.length : 0;
          this.#calls.push(images);
          inWorkers.now += images;
          inWorkers.most = Math.max(inWorkers.most, inWorkers.now);
          if (images > 0) inWorkers.used.add(this);
          super.postMessage(message, transfer as Transferable[]);
        }
        override terminate() {
          inWorkers.used.delete(this);
          super.terminate();
        }
      };
      globalThis.engine = unlabel.createLocalEngine({
        model: 'cifar10',
        baseUrl,
        device: 'wasm',
        ...options,
      });
      await engine.ready;
    },
    { baseUrl: site.hosted.url, pictures, options },
  );
  return page;
}

/** Best class and its score for each of some pictures. */
const classify = (page: Page, count: number) =>
  page.evaluate(
    async (count) =>
      (await engine.classify(files(count))).map(({ predictions: [best] }) => `${best?.label} ${best?.score}`),
    count,
  );

/**
 * Classifies until a second Worker has had its part: nobody knows how many pictures the first one reads while it starts.
 * @returns the answers of the last time.
 */
async function classifyInTwo(page: Page, count = 64): Promise<string[]> {
  let answers: string[] = [];
  await expect
    .poll(async () => {
      answers = await classify(page, count);
      return page.evaluate(() => inWorkers.used.size);
    })
    .toBe(2);
  await expect.poll(() => page.workers().length).toBe(2);
  return answers;
}

test('many pictures get a second Worker, the same answers in order, and no second download', async () => {
  const [alone, page] = [await openWith({ workers: 1 }), await openWith()];
  const requests: string[] = [];
  await page.evaluate(() => engine.classify(files(1)));
  expect(page.workers()).toHaveLength(1);
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  const expected = await classify(alone, 100);
  expect(new Set(expected).size).toBeGreaterThan(3);
  expect(await classifyInTwo(page, 100)).toEqual(expected);
  expect(await classify(page, 100)).toEqual(expected);
  expect(alone.workers()).toHaveLength(1);
  expect(requests.filter((path) => /onnx|\.wasm|manifest|models/.test(path))).toEqual([]);
  await Promise.all([alone.context().close(), page.context().close()]);
});

test('calls that do not wait stay in one Worker', async () => {
  const page = await openWith();
  await page.evaluate(async () => {
    for (const file of files(20)) await engine.classify(file);
  });
  expect(page.workers()).toHaveLength(1);
  await page.context().close();
});

test('no more pictures than Workers take at a time are open', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  const most = await page.evaluate(async () => {
    await Promise.all([
      engine.classify(files(200)),
      engine.embed(files(50)),
      engine.classify(files(9), { settled: true }),
    ]);
    return inWorkers.most;
  });
  expect(most).toBe(16);
  await page.context().close();
});

test('a Worker that dies loses its own call; the other one goes on, and another one takes its place', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  await page.workers()[1]?.evaluate(() => {
    globalThis.onmessage = () =>
      setTimeout(() => {
        throw new Error('out of memory');
      });
  });
  const failures = await page.evaluate(() =>
    Promise.all(files(64).map((file) => unlabel.failureOf(engine.classify(file)))),
  );
  expect(failures.filter(Boolean)).toEqual([
    expect.objectContaining({
      name: 'UnlabelError',
      code: 'internal_error',
      message: expect.stringContaining('out of memory'),
    }),
  ]);
  expect(await classifyInTwo(page)).toHaveLength(64);
  await page.context().close();
});

test('all Workers may die: the next call starts another', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  for (const worker of page.workers())
    await worker.evaluate(() => {
      globalThis.onmessage = () =>
        setTimeout(() => {
          throw new Error('out of memory');
        });
    });
  const outcomes = await page.evaluate(async () => {
    const answers = await Promise.all(files(20).map((file) => unlabel.failureOf(engine.classify(file))));
    return answers.map((failure) => failure?.code);
  });
  expect(outcomes.filter(Boolean)).toEqual(['internal_error', 'internal_error']);
  await page.context().close();
});

test('where no further Worker starts, the first one goes on alone', async () => {
  const page = await openWith();
  const tried = await page.evaluate(async () => {
    let tried = 0;
    globalThis.Worker = class {
      constructor() {
        tried++;
        throw new Error('no more');
      }
    } as unknown as typeof Worker;
    while (tried === 0) await engine.classify(files(100));
    return tried;
  });
  expect(tried).toBe(1);
  expect(await classify(page, 20)).toHaveLength(20);
  await page.context().close();
});

test('a further Worker ends when it has had no work for a while', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  // Without a fake clock: in a page that is busy its timers fire too late for a second Worker to start.
  await expect.poll(() => page.workers().length, { timeout: 2 * pageLimits.spareRestMs }).toBe(1);
  expect(await classify(page, 4)).toHaveLength(4);
  await page.context().close();
});

test('a disposed engine rejects what waits, and ends all its Workers', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  const failures = await page.evaluate(async () => {
    const pending = [engine.classify(files(100)), engine.embed(files(3))].map(unlabel.failureOf);
    await unlabel.until(() => inWorkers.now > 0);
    engine.dispose();
    return Promise.all(pending);
  });
  for (const failure of failures) expect(failure?.message).toBe('The engine has been disposed');
  await expect.poll(() => page.workers().length).toBe(0);
  await page.context().close();
});

test('an aborted call ends at once, and takes no further picture', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  const result = await page.evaluate(async () => {
    const controller = new AbortController();
    const call = unlabel.failureOf(engine.classify(files(1_000), { signal: controller.signal }));
    await unlabel.until(() => inWorkers.now > 0);
    controller.abort(new Error('the user left'));
    const failure = await call;
    const { now } = inWorkers;
    inWorkers.most = 0;
    const next = await engine.classify(files(1));
    return { message: failure?.message, now, most: inWorkers.most, next: next.length };
  });
  expect(result).toMatchObject({ message: 'the user left', next: 1 });
  expect(result.now).toBeLessThanOrEqual(16);
  // The pictures of the aborted call that were in Workers, and the one of the next call.
  expect(result.most).toBeLessThanOrEqual(result.now + 1);
  await page.context().close();
});

test('a picture that cannot be read fails its call, whose others are closed, and no other call', async () => {
  const page = await openWith();
  await classifyInTwo(page);
  const result = await page.evaluate(async () => {
    const bitmaps = () => Promise.all(files(30).map((file) => createImageBitmap(file)));
    const broken: ImageBitmapSource[] = await bitmaps();
    const call = engine.classify([new Blob(['no picture']), ...(broken as ImageBitmap[])]);
    const other = engine.classify(files(40));
    return {
      failure: await unlabel.failureOf(call),
      others: (await other).length,
      next: (await engine.classify(files(8))).length,
    };
  });
  expect(result).toMatchObject({ failure: { field: 'images[0]' }, others: 40, next: 8 });
  expect(page.workers()).toHaveLength(2);
  const settled = await page.evaluate(async () => {
    const given = files(40);
    given[7] = new File(['no picture'], 'broken');
    return (await engine.classify(given, { settled: true })).map(({ status }) => status);
  });
  expect(settled).toEqual(settled.map((_, i) => (i === 7 ? 'rejected' : 'fulfilled')));
  await page.context().close();
});

test('files that the page itself must draw are drawn when their turn comes', async () => {
  const page = await openWith();
  const result = await page.evaluate(async () => {
    const { createImageBitmap } = globalThis;
    let drawn = 0;
    globalThis.createImageBitmap = ((...args: Parameters<typeof createImageBitmap>) => {
      drawn++;
      return createImageBitmap(...args);
    }) as typeof createImageBitmap;
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="9" height="9"/></svg>';
    const drawnAt: number[] = [];
    const { length } = await engine.classify(
      Array.from({ length: 100 }, () => new Blob([svg])),
      { onProgress: () => drawnAt.push(drawn) },
    );
    return { length, first: drawnAt[0], drawn };
  });
  expect(result).toMatchObject({ length: 100, drawn: 100 });
  expect(result.first).toBeLessThanOrEqual(40);
  await page.context().close();
});

test('progress comes batch by batch; what its listener throws ends the call, and no other', async () => {
  const page = await openWith();
  const [seen, failure, others] = await page.evaluate(async () => {
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }) => void seen.push(done);
    await engine.classify(files(50), { onProgress });
    const failing = engine.classify(files(50), {
      onProgress({ done, total }) {
        throw new Error(`${done} of ${total}`);
      },
    });
    const other = engine.classify(files(50));
    return [seen, await unlabel.failureOf(failing), (await other).length];
  });
  expect(seen).toHaveLength(7);
  expect(seen.at(-1)).toBe(50);
  expect(failure?.message).toBe('8 of 50');
  expect(others).toBe(50);
  await page.context().close();
});

test('without a Worker, the page reads one picture after the other', async () => {
  const page = await openWith({ worker: false, workers: 4 });
  expect(await classify(page, 12)).toHaveLength(12);
  expect(page.workers()).toHaveLength(0);
  expect(await page.evaluate(() => engine.thread)).toBe('page');
  await page.context().close();
});

test.each([0, -1, 1.5, 33, Number.NaN, '2', null])('workers: %s is refused at once', async (workers) => {
  const page = await site.open();
  const failure = await page.evaluate(
    (workers) =>
      unlabel.failureOf(
        (async () => unlabel.createLocalEngine({ model: 'cifar10', workers: workers as number }))(),
      ),
    workers,
  );
  expect(failure).toMatchObject({ code: 'invalid_parameter', field: 'workers' });
  await page.context().close();
});
