import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawTallPhoto } from '../../scripts/harness/inputs/draw-photo.ts';
import { largestDifference } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { fixturePictures, type Picture, pngPictures } from '../../scripts/harness/inputs/pictures.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { readHeader } from '../../src/image/header.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { type Client, createClient } from '../../src/index.ts';
import { base64, bestOf, largest, type Site, scoresOf, startSite } from './site.ts';

let site: Site;
let page: Page;
let client: Client;
beforeAll(async () => {
  site = await startSite();
  client = createClient({ url: site.hosted.url });
  page = await site.open();
  await page.evaluate(async (baseUrl) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl });
    await engine.ready;
  }, site.hosted.url);
});
afterAll(() => site?.stop());

function here(pictures: Picture[]) {
  return page.evaluate(
    async (files) => {
      const images = files.map((file) => unlabel.bytesOf(file));
      return {
        answers: await engine.classify(images, { topK: 1000 }),
        embeddings: await engine.embed(images),
      };
    },
    pictures.map(({ bytes }) => base64(bytes)),
  );
}

test('100 PNGs score the same in the page and over HTTP', async () => {
  const pictures = pngPictures(100);
  const { answers, embeddings } = await here(pictures);
  const images = pictures.map(({ bytes }) => bytes);
  const hosted = await client.classify(images, { topK: 1000 });
  const hostedEmbeddings = await client.embed(images);
  expect(answers[0]).toMatchObject({ model: hosted[0]?.model, source: 'local', device: 'wasm' });
  let [agreeing, furthest] = [0, 0];
  for (const [i, { name }] of pictures.entries()) {
    const [mine, theirs] = [answers[i], hosted[i]].map((answer) => scoresOf(answer as never)) as [
      number[],
      number[],
    ];
    expect(largest(mine, theirs), name).toBeLessThanOrEqual(1e-5);
    furthest = Math.max(furthest, largest(mine, theirs));
    if (bestOf(mine) === bestOf(theirs)) agreeing++;
    const vector = Object.values(embeddings[i]?.embedding ?? []);
    expect(largest(vector, [...(hostedEmbeddings[i]?.embedding ?? [])]), name).toBeLessThanOrEqual(1e-5);
  }
  console.log(`top-1 ${agreeing} of ${pictures.length}, largest difference ${furthest}`);
  expect(agreeing).toBe(100);
});

/** Grey levels by which the browser's decoder may differ from the server's: as it is, and as fitted to 32 x 32. */
const decoders = { png: [0, 0], jpg: [1, 1], webp: [1, 1] } as const;

test.each(Object.entries(decoders))(
  '%s is read to the pixels of the server, within %j',
  async (type, limits) => {
    const pictures = fixturePictures(type as keyof typeof decoders);
    expect(pictures.length).toBeGreaterThan(3);
    const differences: number[][] = [];
    for (const { name, bytes } of pictures) {
      const { width, height } = readHeader(bytes);
      const sizes = [
        { width, height },
        { width: 32, height: 32 },
      ];
      const made = await page.evaluate(
        async ({ file, sizes }) =>
          Promise.all(
            sizes.map(async (size) => [
              ...(await unlabel.fitImage(new Blob([unlabel.bytesOf(file)]), size, 'image')),
            ]),
          ),
        { file: base64(bytes), sizes },
      );
      const pair = await Promise.all(
        sizes.map(async (size, i) =>
          largestDifference(Uint8Array.from(made[i] ?? []), await prepareImage(bytes, size, codecs)),
        ),
      );
      differences.push(pair);
      expect(pair[0], name).toBeLessThanOrEqual(limits[0]);
      expect(pair[1], name).toBeLessThanOrEqual(limits[1]);
    }
    console.log(type, Object.fromEntries(pictures.map(({ name }, i) => [name, differences[i]])));
  },
);

test('of a JPEG of 71 megapixels a small region is read as on the server, and little more is decoded', async () => {
  const bytes = await drawTallPhoto(8192, 512, 17, { quality: 30 });
  const region = { x: 5001, y: 4333, width: 200, height: 170 };
  const made = await page.evaluate(
    async ({ file, region }) => {
      const bytes = unlabel.bytesOf(file);
      const target = { width: 32, height: 32 };
      const { createImageBitmap } = globalThis;
      const decoded: number[] = [];
      globalThis.createImageBitmap = (async (...args: Parameters<typeof createImageBitmap>) => {
        const bitmap = await createImageBitmap(...args);
        decoded.push(bitmap.width * bitmap.height);
        return bitmap;
      }) as typeof createImageBitmap;
      const read = (bytes: Uint8Array<ArrayBuffer>, region: object) =>
        unlabel.fitImage(new Blob([bytes]), { ...target, region: region as never }, 'image');
      const failures = [
        await unlabel.failureOf(read(bytes.slice(0, bytes.length / 2), region)),
        await unlabel.failureOf(read(bytes, { ...region, x: 8000 })),
      ];
      const pixels = [...(await read(bytes, region))];
      globalThis.createImageBitmap = createImageBitmap;
      return { pixels, decoded, failures };
    },
    { file: base64(bytes), region },
  );
  const expected = await prepareImage(bytes, { width: 32, height: 32, region }, codecs);
  expect(largestDifference(Uint8Array.from(made.pixels), expected)).toBeLessThanOrEqual(1);
  expect(made.decoded).toEqual([expect.any(Number)]);
  expect(made.decoded[0]).toBeLessThan(300 * 300);
  expect(made.failures).toMatchObject([{ code: 'invalid_image' }, { code: 'invalid_parameter' }]);
});
