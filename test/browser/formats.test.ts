import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPhoto } from '../../scripts/harness/inputs/draw-photo.ts';
import { oddPictures } from '../../scripts/harness/inputs/odd-pictures.ts';
import { largestDifference, readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import type { Client } from '../../src/index.ts';
import { base64, largest, type Site, scoresOf, startSite } from './site.ts';

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite();
  page = await site.open();
  await page.evaluate(async (url) => {
    globalThis.engine = unlabel.createLocalEngine({ model: 'cifar10', baseUrl: url, device: 'wasm' });
    globalThis.client = unlabel.createClient({ url, model: 'cifar10', upload: 'tensor' });
    globalThis.fileClient = unlabel.createClient({ url, model: 'cifar10', upload: 'file' });
    await engine.ready;
  }, site.hosted.url);
});
afterAll(() => site?.stop());

/** What a file comes to in the page. */
async function fitHere(bytes: Uint8Array, size = { width: 32, height: 32 }): Promise<Uint8Array> {
  const made = await page.evaluate(
    async ({ file, size }) => [...(await unlabel.fitImage(new Blob([unlabel.bytesOf(file)]), size, 'image'))],
    { file: base64(bytes), size },
  );
  return Uint8Array.from(made);
}

test('files of cameras and programs are read as the server reads them', async () => {
  const size = { width: 45, height: 30 };
  const pictures = oddPictures();
  expect(pictures.length).toBeGreaterThan(60);
  for (const { name, bytes, right } of pictures) {
    const expected = await prepareImage(right, size, codecs);
    const difference = largestDifference(await fitHere(bytes, size), expected);
    // The browser decodes a small JPEG.
    expect(difference, name).toBeLessThanOrEqual(bytes[0] === 0xff ? 1 : 0);
  }
});

test('a large JPEG comes to the same pixels in the page and on the server', async () => {
  for (const progressive of [false, true]) {
    const bytes = await drawPhoto(700, 530, { progressive });
    const expected = await prepareImage(bytes, { width: 32, height: 32 }, codecs);
    expect(await fitHere(bytes)).toEqual(expected);
    expect(await fitHere(bytes.subarray(0, -2))).toEqual(expected);
  }
});

test('a JPEG without its last blocks is refused', async () => {
  for (const name of ['baseline-420.jpg', 'restart.jpg', 'grey.jpg', 'progressive-420.jpg']) {
    const failure = await page.evaluate(
      (file) => unlabel.failureOf(engine.classify(unlabel.bytesOf(file))),
      base64(readFixture(`images/${name}`).subarray(0, -12)),
    );
    expect(failure, name).toMatchObject({ code: 'invalid_image', field: 'image' });
  }
});

/** A BMP of 24 bits a pixel, 64 x 48: red, blue, green and yellow quarters. */
function bmp(): Uint8Array {
  const file = Buffer.alloc(54 + 64 * 48 * 3);
  file.write('BM');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(64, 18);
  file.writeInt32LE(48, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < 48; y++)
    for (let x = 0; x < 64; x++)
      file.set(quarters(x / 64, 1 - (y + 0.5) / 48).toReversed(), 54 + (y * 64 + x) * 3);
  return file;
}

function quarters(x: number, y: number): number[] {
  if (y < 0.5) return x < 0.5 ? [200, 30, 30] : [40, 60, 200];
  return x < 0.5 ? [30, 160, 60] : [230, 220, 90];
}

const svg = (attributes: string) =>
  new TextEncoder().encode(
    `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" ${attributes}>
      <rect width="32" height="24" fill="rgb(200, 30, 30)"/><rect x="32" width="32" height="24" fill="rgb(40, 60, 200)"/>
      <rect y="24" width="32" height="24" fill="rgb(30, 160, 60)"/>
      <rect x="32" y="24" width="32" height="24" fill="rgb(230, 220, 90)"/></svg>`,
  );
const files: [name: string, bytes: Uint8Array][] = [
  ['AVIF', new Uint8Array(readFileSync(new URL('./quarters.avif', import.meta.url)))],
  ['BMP', bmp()],
  ['SVG with a size', svg('width="64" height="48"')],
  ['SVG with a view box', svg('viewBox="0 0 64 48"')],
  ['SVG of all the width', svg('width="100%" viewBox="0 0 64 48"')],
];

test.each(files)('%s is read by what the browser shows, in every form', async (_, bytes) => {
  const made = await page.evaluate(async (file) => {
    const bytes = unlabel.bytesOf(file);
    const element = new Image();
    element.src = URL.createObjectURL(new Blob([bytes], { type: bytes[0] === 60 ? 'image/svg+xml' : '' }));
    await element.decode();
    const size = { width: 4, height: 4 };
    const forms = [bytes, bytes.buffer, new Blob([bytes]), element];
    return {
      fitted: await Promise.all(
        forms.map(async (form) => [...(await unlabel.fitImage(form, size, 'image'))]),
      ),
      local: await Promise.all(forms.map((form) => engine.classify(form, { topK: 1000 }))),
      hosted: await Promise.all(forms.map((form) => client.classify(form, { topK: 1000 }))),
    };
  }, base64(bytes));
  const center = (x: number, y: number) => quarters(0.125 + (0.75 * (x + 0.5)) / 4, (y + 0.5) / 4);
  for (const pixels of made.fitted)
    for (const [x, y] of [
      [0, 0],
      [3, 0],
      [0, 3],
      [3, 3],
    ] as const)
      expect(largest(pixels.slice((y * 4 + x) * 3, (y * 4 + x) * 3 + 3), center(x, y))).toBeLessThan(12);
  const scores = [...made.local, ...made.hosted].map((answer) => scoresOf(answer as never));
  for (const each of scores) expect(largest(each, scores[0] as number[])).toBeLessThanOrEqual(1e-5);
});

test('of an animation the first frame is read, and a CMYK JPEG as the browser shows it', async () => {
  const expected = await prepareImage(readFixture('images/rgb.png'), { width: 45, height: 30 }, codecs);
  for (const name of ['animated.gif', 'animated.png', 'animated.webp', 'cmyk.jpg']) {
    const made = await fitHere(readFixture(`images/${name}`), { width: 45, height: 30 });
    const sum = made.reduce((total, value, i) => total + Math.abs(value - (expected[i] as number)), 0);
    // The second frame is turned by half, and differs by 110.
    expect(sum / made.length, name).toBeLessThan(20);
  }
});

const kinds = [
  'an <img> of twice the density',
  'an <img> by its width',
  'an <img> that EXIF turns',
  'a canvas with transparency',
  'an OffscreenCanvas with transparency',
  'a bitmap with transparency',
  'ImageData with transparency',
];

test.each(kinds)('%s: local and hosted have the same pixels, also as a file', async (kind) => {
  const { local, hosted, files } = await page.evaluate(
    async ({ kind, turned }) => {
      const canvas = Object.assign(document.createElement('canvas'), { width: 96, height: 80 });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      const isClear = kind.endsWith('transparency');
      for (let y = 0; y < 80; y++)
        for (let x = 0; x < 96; x++) {
          context.fillStyle = `rgb(${(x * 5) % 256} ${(y * 9) % 256} ${(x ^ y) & 1 ? 255 : 0} / ${isClear ? (x % 11) / 10 : 1})`;
          context.fillRect(x, y, 1, 1);
        }
      const blob = (await new Promise((done) => canvas.toBlob(done as BlobCallback))) as Blob;
      const url = URL.createObjectURL(blob);
      const loaded = async (attributes: Partial<HTMLImageElement>) => {
        const image = Object.assign(new Image(), attributes);
        await image.decode();
        return image;
      };
      const offscreen = new OffscreenCanvas(96, 80);
      offscreen.getContext('2d')?.drawImage(canvas, 0, 0);
      const made: Record<string, () => unknown> = {
        'an <img> of twice the density': () => loaded({ srcset: `${url} 2x` }),
        'an <img> by its width': () => loaded({ srcset: `${url} 300w`, sizes: '100px' }),
        'an <img> that EXIF turns': () => loaded({ src: `data:image/jpeg;base64,${turned}` }),
        'a canvas with transparency': () => canvas,
        'an OffscreenCanvas with transparency': () => offscreen,
        'a bitmap with transparency': () => createImageBitmap(canvas),
        'ImageData with transparency': () => context.getImageData(0, 0, 96, 80),
      };
      const image = (await made[kind]?.()) as HTMLImageElement;
      const plain = isClear || kind.endsWith('turns') ? image : blob;
      return {
        local: [await engine.classify(image, { topK: 1000 }), await engine.classify(plain, { topK: 1000 })],
        hosted: [await client.classify(image, { topK: 1000 }), await client.classify(plain, { topK: 1000 })],
        files: [await fileClient.classify(image, { topK: 1000 })],
      };
    },
    { kind, turned: base64(readFixture('images/orientation-6.jpg')) },
  );
  const scores = [...local, ...hosted].map((answer) => scoresOf(answer as never));
  for (const each of scores) expect(largest(each, scores[0] as number[])).toBeLessThanOrEqual(1e-5);
  // A canvas that is made a PNG of rounds what is transparent.
  const tolerance = kind.endsWith('transparency') ? 0.01 : 1e-5;
  expect(largest(scoresOf(files[0] as never), scores[0] as number[])).toBeLessThanOrEqual(tolerance);
});

declare global {
  var fileClient: Client;
}

test('what no browser decodes is refused, and what helps is said', async () => {
  const heic = new TextEncoder().encode('\0\0\0\x18ftypheic\0\0\0\0mif1heic');
  const failure = await page.evaluate(
    (file) => unlabel.failureOf(engine.classify(unlabel.bytesOf(file))),
    base64(heic),
  );
  expect(failure).toMatchObject({
    code: 'unsupported_media_type',
    message: expect.stringMatching(/is HEIC: convert it to JPEG/),
  });
});
