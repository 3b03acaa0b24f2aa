/** Which work of the page is done when, and by which Worker. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhoto } from '../../../scripts/harness/inputs/draw-photo.ts';
import { base64, type Site, startSite } from '../site.ts';

let site: Site;
let page: Page;
let photo: string;
beforeAll(async () => {
  site = await startSite();
  photo = base64(await drawPhoto(1_152, 864));
});
afterAll(() => site?.stop());

declare global {
  /** Lets the Workers start that are held back. */
  var release: () => void;
  /** Workers that have been made. */
  var made: Worker[];
}

/** Opens a page with an engine that is ready, whose second Worker does not say that it has started until it may. */
async function open(options: { workers?: number; holdsSecond?: boolean } = {}): Promise<void> {
  page = await site.open();
  await page.evaluate(
    async ({ baseUrl, workers, holdsSecond }) => {
      const released = new Promise<void>((resolve) => (globalThis.release = resolve));
      globalThis.made = [];
      globalThis.Worker = class extends Worker {
        constructor(...args: ConstructorParameters<typeof Worker>) {
          super(...args);
          if (made.push(this) !== 2 || !holdsSecond) return;
          this.addEventListener(
            'message',
            (event) => {
              event.stopImmediatePropagation();
              released.then(() => this.dispatchEvent(new MessageEvent('message', { data: event.data })));
            },
            { once: true },
          );
        }
      };
      globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm', workers });
      await engine.ready;
    },
    { baseUrl: site.hosted.url, workers: options.workers ?? 2, holdsSecond: options.holdsSecond ?? false },
  );
}

test.each([
  ['a list', 'list'],
  ['a list with an outcome for each file', 'settled'],
  ['calls of one file each', 'calls'],
] as const)('files that the page itself must draw are drawn when their turn comes: %s', async (_, kind) => {
  await open();
  const result = await page.evaluate(async (kind) => {
    const { createImageBitmap } = globalThis;
    let drawn = 0;
    globalThis.createImageBitmap = ((...args: Parameters<typeof createImageBitmap>) => {
      drawn++;
      return createImageBitmap(...args);
    }) as typeof createImageBitmap;
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="9" height="9"/></svg>';
    const files = Array.from({ length: 100 }, () => new Blob([svg]));
    const drawnAt: number[] = [];
    const onProgress = () => void drawnAt.push(drawn);
    const answers =
      kind === 'calls'
        ? await Promise.all(files.map((file) => engine.classify(file).finally(onProgress)))
        : await engine.classify(files, { settled: kind === 'settled', onProgress } as object);
    return { answers: answers.length, first: drawnAt[0], drawn };
  }, kind);
  expect(result).toMatchObject({ answers: 100, drawn: 100 });
  expect(result.first).toBeLessThanOrEqual(40);
  await page.context().close();
});

test('bitmaps of files that the page has drawn are closed, however their call ends', async () => {
  await open();
  const failures = await page.evaluate(async () => {
    const { createImageBitmap } = globalThis;
    const drawn: ImageBitmap[] = [];
    globalThis.createImageBitmap = (async (...args: Parameters<typeof createImageBitmap>) => {
      const bitmap = await createImageBitmap(...args);
      drawn.push(bitmap);
      return bitmap;
    }) as typeof createImageBitmap;
    const svg = new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>']);
    const broken = new Blob(['<svg xmlns="http://www.w3.org/2000/svg" width="64"']);
    const files = (count: number) => Array.from({ length: count }, () => svg);
    await engine.classify(files(20));
    const controller = new AbortController();
    const calls = [
      engine.classify([...files(20), broken]),
      engine.classify(files(20), { settled: true, signal: controller.signal }),
      // Many: it must not be done when the others have ended.
      engine.classify(files(200), { settled: true }),
    ].map(unlabel.failureOf);
    controller.abort(new Error('the user left'));
    const failures = [await calls[0], await calls[1]];
    engine.dispose();
    failures.push(await calls[2]);
    // Time for those that are on their way.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await unlabel.until(() => drawn.every(({ width }) => width === 0));
    return failures;
  });
  expect(failures).toMatchObject([
    { field: 'images[20]' },
    { message: 'the user left' },
    { message: 'The engine has been disposed' },
  ]);
  await page.context().close();
});

test('the last Worker dies while another one starts: what waits is answered by a new one', async () => {
  await open({ holdsSecond: true });
  const outcomes = await page.evaluate(async (photo) => {
    const file = new File([unlabel.bytesOf(photo)], 'photo');
    const calls = Promise.all(Array.from({ length: 40 }, () => unlabel.failureOf(engine.classify(file))));
    while (made.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const [first] = made as [Worker];
    first.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
    const failures = (await calls).filter(Boolean);
    const before = made.length;
    // The one that was starting belongs to the network that died.
    release();
    const after = await engine.classify([file, file]);
    return { failures, before, after: after.length };
  }, photo);
  expect(outcomes).toMatchObject({
    failures: [{ code: 'internal_error', message: expect.stringContaining('out of memory') }],
    before: 3,
    after: 2,
  });
  // The one that died and the one that came too late have ended.
  await expect.poll(async () => (await page.evaluate(() => made.length)) - page.workers().length).toBe(2);
  await page.context().close();
});
