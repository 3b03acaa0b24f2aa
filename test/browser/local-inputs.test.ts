import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import type { ImageSource } from '../../src/local.ts';
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
  await page.evaluate(
    ({ baseUrl, file }) => {
      const copies: (ImageBitmap | VideoFrame)[] = [];
      const make = globalThis.createImageBitmap;
      globalThis.createImageBitmap = (async (...args: Parameters<typeof make>) => {
        const bitmap = await make(...args);
        copies.push(bitmap);
        return bitmap;
      }) as typeof make;
      const { clone } = VideoFrame.prototype;
      VideoFrame.prototype.clone = function () {
        const copy = clone.call(this);
        copies.push(copy);
        return copy;
      };
      const canvas = () => Object.assign(document.createElement('canvas'), { width: 32, height: 32 });
      Object.assign(globalThis, {
        copies,
        /** Copies that are open. A closed one has no size. */
        openCopies: () =>
          copies.filter((copy) => ('codedWidth' in copy ? copy.codedWidth : copy.width) > 0).length,
        canvas,
        frame: () => {
          const source = canvas();
          source.getContext('2d')?.fillRect(0, 0, 9, 9);
          return new VideoFrame(source, { timestamp: 0 });
        },
        bytes: unlabel.bytesOf(file),
        engine: unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' }),
      });
    },
    { baseUrl: site.hosted.url, file },
  );
});
afterEach(() => page.context().close());

declare global {
  var bytes: Uint8Array<ArrayBuffer>;
  var copies: (ImageBitmap | VideoFrame)[];
  function openCopies(): number;
  function canvas(): HTMLCanvasElement;
  function frame(): VideoFrame;
}

test('all images of a call are those of the moment of the call', async () => {
  const { early, late } = await page.evaluate(async () => {
    const first = bytes;
    const draw = async (target: HTMLCanvasElement) =>
      target.getContext('2d')?.drawImage(await createImageBitmap(new Blob([first])), 0, 0);
    const drawn = Array.from({ length: 4 }, canvas);
    for (const target of drawn) await draw(target);
    const data = drawn[0]?.getContext('2d')?.getImageData(0, 0, 32, 32) as ImageData;
    const buffers = Array.from({ length: 8 }, () => first.slice());
    const list: ImageSource[] = [...buffers, ...drawn, data, first.slice().buffer];
    const call = engine.classify(list, { topK: 10 });
    // The ninth and later images are of a second run; the network is not even loaded yet.
    for (const buffer of [...buffers, new Uint8Array(list.at(-1) as ArrayBuffer)]) buffer.fill(0);
    for (const target of drawn) target.getContext('2d')?.fillRect(0, 0, 32, 32);
    data.data.fill(7);
    list.length = 0;
    const [one, ...others] = (await call).map(({ predictions }) => JSON.stringify(predictions));
    return { early: await engine.classify(first, { topK: 10 }), late: [one, ...others] };
  });
  expect(late).toHaveLength(14);
  expect(new Set(late)).toEqual(new Set([JSON.stringify(early.predictions)]));
});

test('a search goes by the vector of the moment of the call', async () => {
  const scores = await page.evaluate(async () => {
    const { embedding } = await engine.embed(bytes);
    const options = { namespace: 'gallery', topK: 1 };
    const [expected] = (await engine.search(embedding.slice(), options)).matches;
    const vectors = [embedding, { embedding: embedding.slice(), model: (await engine.embed(bytes)).model }];
    const calls = vectors.map((vector) => engine.search(vector, options));
    for (const vector of vectors) ('embedding' in vector ? vector.embedding : vector).fill(1);
    return [expected, ...(await Promise.all(calls)).map(({ matches }) => matches[0])];
  });
  expect(new Set(scores.map((match) => JSON.stringify(match))).size).toBe(1);
});

test('the second engine of an automatic one gets the image of the moment of the call', async () => {
  await page.route('**/v1/classify*', (route) => route.abort());
  const [answer, expected] = await page.evaluate(async (url) => {
    const hosted = unlabel.createClient({ url, maxRetries: 0 });
    const automatic = unlabel.createEngine({ hosted, local: engine, prefer: 'hosted' });
    const image = bytes.slice();
    const call = automatic.classify([image, image]);
    image.fill(0);
    return [await call, await engine.classify([bytes, bytes])];
  }, site.hosted.url);
  expect(answer).toEqual(expected);
});

/** Ends of a call that must close its copies. */
const ends: Record<string, () => Promise<unknown>> = {
  'an answer': () => engine.classify([frame(), canvas()]),
  'a bad picture beside it': () => engine.classify([frame(), canvas(), new Image()]),
  'a picture that cannot be decoded': () => engine.classify([new Blob(['no']), frame(), canvas()]),
  'an abort before the network is loaded': () => {
    const controller = new AbortController();
    const call = engine.classify([frame(), canvas()], { signal: controller.signal });
    setTimeout(() => controller.abort(), 1);
    return call;
  },
  'an abort while it waits for its turn': async () => {
    await engine.ready;
    const controller = new AbortController();
    const calls = [
      engine.classify(Array.from({ length: 8 }, canvas)),
      engine.classify(Array.from({ length: 20 }, frame), { signal: controller.signal }),
    ];
    setTimeout(() => controller.abort(), 5);
    await Promise.allSettled(calls);
  },
  'a disposed engine': async () => {
    const call = engine.classify([frame(), canvas()]);
    setTimeout(() => engine.dispose());
    await call;
  },
  'a model that cannot be loaded': () =>
    unlabel.createLocalEngine({ model: 'no', baseUrl: '/' }).classify([frame(), canvas()]),
  'a wrong search': () => engine.search([frame(), canvas()], { topK: 0 }),
  'an automatic engine': async () => {
    const hosted = unlabel.createClient({ url: '/nowhere/', maxRetries: 0 });
    await unlabel.createEngine({ hosted, local: engine, prefer: 'hosted' }).classify([frame(), canvas()]);
  },
  'an automatic engine that fails before it has asked for all': async () => {
    const hosted = unlabel.createClient({ url: '/nowhere/', maxRetries: 0 });
    const local = unlabel.createLocalEngine({ model: 'no', baseUrl: '/nowhere/' });
    const images = Array.from({ length: 12 }, frame);
    await unlabel.createEngine({ hosted, local }).classify(images, { settled: true });
  },
};

test.each(Object.keys(ends))('no copy of a picture stays open after %s', async (name) => {
  const made = await page.evaluate(async (end) => {
    // biome-ignore lint/security/noGlobalEval: a function of this test
    await (eval(`(${end})`) as () => Promise<unknown>)().catch(() => {});
    return copies.length;
  }, `${ends[name]}`);
  expect(made).toBeGreaterThan(1);
  await page.waitForFunction(() => openCopies() === 0);
});
