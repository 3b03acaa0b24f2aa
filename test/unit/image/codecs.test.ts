import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import mozjpeg from '@jsquash/jpeg/codec/dec/mozjpeg_dec.js';
import libwebp from '@jsquash/webp/codec/dec/webp_dec.js';
import { expect, test } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import { createCodecs } from '../../../src/image/codecs/codecs.ts';
import type { EmscriptenFactory } from '../../../src/image/codecs/wasm-decoder.ts';

const require = createRequire(import.meta.url);
const compile = (path: string) => new WebAssembly.Module(readFileSync(require.resolve(path)));
const jpeg = {
  factory: mozjpeg as EmscriptenFactory,
  module: compile('@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm'),
};
const webp = {
  factory: libwebp as EmscriptenFactory,
  module: compile('@jsquash/webp/codec/dec/webp_dec.wasm'),
};
const jpegFile = readFixture('images/baseline-420.jpg');
const webpFile = readFixture('images/lossy.webp');

test('a module is loaded once, when the first image of its kind arrives', async () => {
  const loaded: string[] = [];
  const load = async <Source>(name: string, source: Source) => {
    loaded.push(name);
    return source;
  };
  const codecs = createCodecs({ jpeg: () => load('jpeg', jpeg), webp: () => load('webp', webp) });
  expect(loaded).toEqual([]);
  await Promise.all([codecs.jpeg(jpegFile), codecs.jpeg(jpegFile), codecs.jpeg(jpegFile)]);
  expect(loaded).toEqual(['jpeg']);
});

test('a failed load reaches all who wait, and the next image tries again', async () => {
  let attempts = 0;
  const load = async () => {
    if (++attempts === 1) throw new Error('no module');
    return jpeg;
  };
  const codecs = createCodecs({ jpeg: load, webp: async () => webp });
  const settled = await Promise.allSettled([codecs.jpeg(jpegFile), codecs.jpeg(jpegFile)]);
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await codecs.jpeg(jpegFile)).toMatchObject({ width: 45, height: 30 });
  expect(attempts).toBe(2);
});

test('a damaged image next to good ones, many times over, spoils none of them', async () => {
  const codecs = createCodecs({ jpeg: async () => jpeg, webp: async () => webp });
  const [good, goodWebp] = [await codecs.jpeg(jpegFile), await codecs.webp(webpFile)];
  const headless = new Uint8Array([0xff, 0xd8, 0xff, 0xda, 0, 4, 5, 5]);
  for (let round = 0; round < 50; round++) {
    const decoded = await Promise.allSettled([
      codecs.jpeg(headless),
      codecs.jpeg(jpegFile),
      codecs.webp(webpFile.subarray(0, 200)),
      codecs.webp(webpFile),
    ]);
    expect(decoded).toMatchObject([
      { status: 'rejected', reason: { code: 'invalid_image' } },
      { value: good },
      { status: 'rejected', reason: { code: 'invalid_image' } },
      { value: goodWebp },
    ]);
  }
});

test('Node and workerd load the same modules', () => {
  const modulesOf = (file: string) =>
    readFileSync(new URL(`../../../src/image/codecs/${file}`, import.meta.url), 'utf8').match(
      /@jsquash.*?\.wasm/g,
    );
  expect(modulesOf('codecs-node.ts')).toEqual(modulesOf('codecs-workerd.ts'));
});
