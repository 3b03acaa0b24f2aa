import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { photo12MP } from './deliver.ts';
import { base64, largest, type Site, scoresOf, startSite } from './site.ts';

const png = drawPng(64, 48, (x, y) => [x * 4, y * 5, (x * y) % 256]);
const file = base64(png);

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite();
  page = await site.open();
  await page.evaluate(async (baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm' });
    await engine.ready;
  }, site.hosted.url);
});
afterAll(() => site?.stop());

/** Makes an image of any kind from one file, in the page. */
function makeImage(kind: string, file: string) {
  return page.evaluateHandle(
    async ({ kind, file }) => {
      const bytes = unlabel.bytesOf(file);
      const blob = new Blob([bytes], { type: 'image/png' });
      const bitmap = await createImageBitmap(blob);
      const { width, height } = bitmap;
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(bitmap, 0, 0);
      if (kind === 'Blob') return blob;
      if (kind === 'File') return new File([bytes], 'a.gif');
      if (kind === 'ArrayBuffer') return bytes.buffer;
      if (kind === 'Uint8Array amid its buffer') {
        const more = new Uint8Array(bytes.length + 20);
        more.set(bytes, 10);
        return more.subarray(10, -10);
      }
      if (kind === 'ImageData') return context.getImageData(0, 0, width, height);
      if (kind === 'ImageBitmap') return bitmap;
      if (kind === 'canvas') return canvas;
      if (kind === 'OffscreenCanvas') {
        const offscreen = new OffscreenCanvas(width, height);
        offscreen.getContext('2d')?.drawImage(bitmap, 0, 0);
        return offscreen;
      }
      if (kind === 'VideoFrame') return new VideoFrame(canvas, { timestamp: 0 });
      const image = new Image();
      // Shown at another size than it has.
      Object.assign(image, { width: 7, height: 7, src: URL.createObjectURL(blob) });
      await image.decode();
      return image;
    },
    { kind, file },
  );
}

const kinds = [
  'Blob',
  'File',
  'ArrayBuffer',
  'Uint8Array amid its buffer',
  'ImageData',
  'ImageBitmap',
  'canvas',
  'OffscreenCanvas',
  'VideoFrame',
  'img',
];

test.each(kinds)('%s is read, twice, and stays as it is', async (kind) => {
  const image = await makeImage(kind, file);
  const { answers, reference } = await page.evaluate(
    async ([image, file]) => ({
      reference: await engine.classify(unlabel.bytesOf(file), { topK: 1000 }),
      answers: [
        await engine.classify(image as ImageBitmap, { topK: 1000 }),
        ...(await engine.classify([image as ImageBitmap], { topK: 1000 })),
      ],
    }),
    [image, file] as const,
  );
  expect(answers).toHaveLength(2);
  // A video frame has no RGB of its own.
  const tolerance = kind === 'VideoFrame' ? 0.05 : 0;
  for (const answer of answers)
    expect(largest(scoresOf(answer as never), scoresOf(reference as never))).toBeLessThanOrEqual(tolerance);
});

test('a video is read as it is at the call', async () => {
  const scores = await page.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = canvas.captureStream();
    context.fillStyle = 'rgb(255, 0, 0)';
    // A stream has a frame whenever something is drawn.
    const drawing = setInterval(() => context.fillRect(0, 0, 64, 64), 20);
    await video.play();
    clearInterval(drawing);
    const shown = await engine.classify(video, { topK: 1000 });
    return [shown, await engine.classify(canvas, { topK: 1000 })];
  });
  expect(largest(scoresOf(scores[0] as never), scoresOf(scores[1] as never))).toBeLessThanOrEqual(0.05);
});

test('drawing on a canvas after the call does not change its answer', async () => {
  const same = await page.evaluate(async (file) => {
    const bitmap = await createImageBitmap(new Blob([unlabel.bytesOf(file)]));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    const call = engine.classify(canvas);
    context.fillRect(0, 0, canvas.width, canvas.height);
    const expected = await engine.classify(unlabel.bytesOf(file));
    return JSON.stringify(await call) === JSON.stringify(expected);
  }, file);
  expect(same).toBe(true);
});

test('a photo of 12 megapixels is rotated, scaled and read as a small one', async () => {
  const photo = base64(await photo12MP(page));
  const [large, small] = await page.evaluate(async (photo) => {
    const blob = new Blob([unlabel.bytesOf(photo)]);
    const bitmap = await createImageBitmap(blob, { resizeWidth: 750, resizeHeight: 1000 });
    const embeddings = [];
    for (const image of [blob, bitmap]) embeddings.push([...(await engine.embed(image)).embedding]);
    return embeddings as [number[], number[]];
  }, photo);
  const cosine = large.reduce((sum, number, i) => sum + number * (small[i] as number), 0);
  expect(cosine).toBeGreaterThan(0.998);
});

/** A PNG whose header claims a larger size. */
function claiming(width: number, height: number): Uint8Array {
  const claim = Buffer.from(png);
  claim.writeUInt32BE(width, 16);
  claim.writeUInt32BE(height, 20);
  return claim;
}

test.each([
  ['invalid_image', 'an empty file', new Uint8Array()],
  ['invalid_image', 'a cut file', png.subarray(0, 60)],
  ['unsupported_media_type', 'a text', new TextEncoder().encode('just words, not an image at all')],
  ['image_too_large', '67 megapixels and more', claiming(8193, 8192)],
])('%s: %s', async (code, _, bytes) => {
  const image = base64(bytes);
  const failures = await page.evaluate(
    async ([image, good]) => [
      await unlabel.failureOf(engine.classify(unlabel.bytesOf(image))),
      await unlabel.failureOf(
        engine.embed([new Blob([unlabel.bytesOf(good)]), new Blob([unlabel.bytesOf(image)])]),
      ),
    ],
    [image, file] as const,
  );
  expect(failures).toMatchObject([
    { name: 'UnlabelError', code, field: 'image' },
    { name: 'UnlabelError', code, field: 'images[1]' },
  ]);
});

test.each([
  ['an address', '"https://example.com/cat.jpg"'],
  ['nothing', 'null'],
  ['an <img> on its way', 'new Image()'],
  ['a <video> without a frame', 'document.createElement("video")'],
  ['a canvas without pixels', 'Object.assign(document.createElement("canvas"), { width: 0 })'],
  ['a <div>', 'document.createElement("div")'],
])('invalid_image: %s', async (_, expression) => {
  const failure = await page.evaluate(
    // biome-ignore lint/security/noGlobalEval: an expression of this test
    (expression) => unlabel.failureOf(engine.classify(eval(expression))),
    expression,
  );
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'invalid_image', field: 'image' });
});

test('an image of another origin without CORS may not be read', async () => {
  const other = site.served.url.replace('127.0.0.1', 'localhost');
  const failure = await page.evaluate(async (src) => {
    const image = Object.assign(new Image(), { src });
    await image.decode();
    return unlabel.failureOf(engine.classify(image));
  }, `${other}picture.svg`);
  expect(failure).toMatchObject({ name: 'UnlabelError', code: 'invalid_image' });
});

test.each([0, 1001, 1.5, Number.NaN])('topK %d is out of range', async (topK) => {
  const failure = await page.evaluate(
    ([file, topK]) => unlabel.failureOf(engine.classify(unlabel.bytesOf(file), { topK })),
    [file, topK] as const,
  );
  expect(failure).toMatchObject({ code: 'invalid_parameter', field: 'topK' });
});

test('no images, no answers', async () => {
  expect(await page.evaluate(async () => [await engine.classify([]), await engine.embed([])])).toEqual([
    [],
    [],
  ]);
});
