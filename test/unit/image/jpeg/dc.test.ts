import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { drawPhoto } from '../../../../scripts/harness/inputs/draw-photo.ts';
import { exif } from '../../../../scripts/harness/inputs/odd-pictures.ts';
import { fixturePictures } from '../../../../scripts/harness/inputs/pictures.ts';
import { codecs } from '../../../../src/image/codecs/codecs-node.ts';
import type { Orientation } from '../../../../src/image/exif.ts';
import { fitPixels } from '../../../../src/image/fit/fit.ts';
import { readHeader } from '../../../../src/image/header.ts';
import { decodeDc } from '../../../../src/image/jpeg/dc.ts';
import type { Rgba } from '../../../../src/image/pixels.ts';
import { prepareImage } from '../../../../src/image/prepare.ts';

const input = { width: 32, height: 32 };

/** The means of whole squares of some pixels, for each channel. */
function meansOf({ width, height, data }: Rgba, side: number): number[] {
  const means: number[] = [];
  for (let y = 0; y + side <= height; y += side)
    for (let x = 0; x + side <= width; x += side)
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let row = y; row < y + side; row++)
          for (let column = x; column < x + side; column++)
            sum += data[(row * width + column) * 4 + channel] as number;
        means.push(sum / side ** 2);
      }
  return means;
}

describe.each(fixturePictures('jpg'))('$name', ({ name, bytes }) => {
  test('its DC coefficients are the means of its blocks', async () => {
    const whole = await codecs.jpeg(bytes);
    const small = decodeDc(bytes);
    expect(small).toMatchObject({ width: Math.ceil(whole.width / 8), height: Math.ceil(whole.height / 8) });
    // Where color is stored for 16 x 16 pixels, only those have means.
    const blocks = /444|grey|stored-rgb/.test(name) ? 1 : 2;
    const made = meansOf(cropped(small, whole), blocks);
    const { largest, mean } = compared(made, meansOf(whole, 8 * blocks));
    expect(largest).toBeLessThan(2);
    expect(mean).toBeLessThan(1);
  });

  test('cut at any byte it is refused, unless every DC coefficient is there', () => {
    const whole = decodeDc(bytes);
    let read = 0;
    for (let end = 2; end < bytes.length; end++) {
      try {
        expect(decodeDc(bytes.subarray(0, end)).data).toEqual(whole.data);
        read++;
      } catch (error) {
        expect(error).toMatchObject({ name: expect.stringMatching(/^(RangeError|UnlabelError)$/) });
      }
    }
    expect(read).toBeGreaterThanOrEqual(2);
    if (!name.startsWith('progressive')) expect(read).toBeLessThan(5);
  });
});

describe('a large photo', () => {
  const sizes = [
    [640, 520],
    [1031, 777],
  ] as const;
  const kinds = [
    { progressive: true },
    { progressive: false, baseline: true },
    { progressive: false, optimize_coding: false },
    { auto_subsample: false, chroma_subsample: 1 },
    { color_space: 1 },
    { quality: 30 },
    { quality: 98 },
  ];

  test.each(kinds.flatMap((kind) => sizes.map(([width, height]) => ({ kind, width, height }))))(
    '$width x $height, $kind: fits to nearly the same pixels as decoded whole',
    async ({ kind, width, height }) => {
      const bytes = await drawPhoto(width, height, kind as object);
      const made = await prepareImage(bytes, input, { ...codecs, jpeg: unreachable });
      const whole = fitPixels(await codecs.jpeg(bytes), input);
      const { mean, largest } = compared(made, whole);
      // Detail as fine as a pixel of the network, and strong.
      expect(mean).toBeLessThan(1);
      expect(largest).toBeLessThan(10);
    },
  );

  test('whose color is stored for 24 x 24 pixels must be larger', async () => {
    const options = { auto_subsample: false, chroma_subsample: 3 };
    const jpeg = () => Promise.reject(new Error('decoded whole'));
    const prepare = async (side: number) =>
      prepareImage(await drawPhoto(side, side, options as object), input, { ...codecs, jpeg });
    await expect(prepare(760)).rejects.toThrow('decoded whole');
    expect(await prepare(768)).toHaveLength(3072);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as Orientation[])('is turned as EXIF %i says', async (orientation) => {
    const plain = await drawPhoto(600, 523);
    const block = exif(orientation);
    const bytes = new Uint8Array(
      Buffer.concat([
        plain.subarray(0, 2),
        Buffer.from([0xff, 0xe1, 0, block.length + 2]),
        block,
        plain.subarray(2),
      ]),
    );
    const made = await prepareImage(bytes, input, { ...codecs, jpeg: unreachable });
    expect(compared(made, fitPixels(await codecs.jpeg(plain), input, orientation)).mean).toBeLessThan(1);
  });

  test('is refused when cut, and read without its end marker', async () => {
    for (const progressive of [false, true]) {
      const bytes = await drawPhoto(600, 520, { progressive });
      const whole = await prepareImage(bytes, input, codecs);
      expect(await prepareImage(bytes.subarray(0, -2), input, codecs)).toEqual(whole);
      for (const part of [0.2, 0.5, 0.9, 0.99])
        await expect(
          prepareImage(bytes.subarray(0, bytes.length * part), input, codecs),
          `${part}, ${progressive}`,
        ).rejects.toMatchObject({ code: 'invalid_image' });
    }
  });

  test('with a thumbnail in its EXIF is not taken for that', async () => {
    const plain = await drawPhoto(600, 520);
    const [thumbnail] = fixturePictures('jpg');
    const block = Buffer.concat([exif(1), thumbnail?.bytes as Uint8Array]);
    const head = Buffer.from([0xff, 0xe1, (block.length + 2) >> 8, (block.length + 2) & 255]);
    const bytes = new Uint8Array(Buffer.concat([plain.subarray(0, 2), head, block, plain.subarray(2)]));
    expect(readHeader(bytes)).toMatchObject({ width: 600, height: 520 });
    expect(await prepareImage(bytes, input, codecs)).toEqual(await prepareImage(plain, input, codecs));
  });
});

test('100 megapixels take the memory of 2', async () => {
  // In a process of its own, for its peak.
  const program = `
    import { flatJpeg } from '${new URL('../../../../scripts/harness/inputs/flat-jpeg.ts', import.meta.url)}';
    import { decodeDc } from '${new URL('../../../../src/image/jpeg/dc.ts', import.meta.url)}';
    const peak = () => process.resourceUsage().maxRSS / 1024;
    decodeDc(flatJpeg(64, 64));
    const bytes = flatJpeg(10_000, 10_000);
    const before = peak();
    const { width, height, data } = decodeDc(bytes);
    process.stdout.write(JSON.stringify({ width, height, value: data[0], grown: peak() - before }));
  `;
  const made = JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }),
  );
  expect(made).toMatchObject({ width: 1250, height: 1250, value: 128 });
  // 6 MB of pixels and 9 MB of coefficients, and what collecting garbage leaves for later.
  expect(made.grown).toBeLessThan(32);
}, 60_000);

test.each([
  [
    'a scan before its frame',
    (file: Buffer) => file.fill(0xe9, file.indexOf('ffc0', 'hex') + 1, file.indexOf('ffc0', 'hex') + 2),
  ],
  ['no Huffman tables', (file: Buffer) => without(file, 0xc4)],
  ['no quantization tables', (file: Buffer) => without(file, 0xdb)],
  [
    'a quantization table of half the divisors',
    (file: Buffer) =>
      file.fill(0x10, file.indexOf('ffdb0043', 'hex') + 4, file.indexOf('ffdb0043', 'hex') + 5),
  ],
  [
    'a divisor of 0',
    (file: Buffer) => file.fill(0, file.indexOf('ffdb0043', 'hex') + 5, file.indexOf('ffdb0043', 'hex') + 6),
  ],
])('%s: is refused', (_, spoil) => {
  const file = spoil(Buffer.from(fixturePictures('jpg')[0]?.bytes as Uint8Array));
  expect(() => decodeDc(file)).toThrow(expect.objectContaining({ code: 'invalid_image' }));
});

const unreachable = () => Promise.reject(new Error('the decoder was reached'));

/** Without the pixels that stand for parts of blocks. */
function cropped({ width, data }: Rgba, whole: Rgba): Rgba {
  const size = { width: Math.floor(whole.width / 8), height: Math.floor(whole.height / 8) };
  const kept = Array.from({ length: size.height }, (_, y) => [
    ...data.subarray(y * width * 4, (y * width + size.width) * 4),
  ]);
  return { ...size, data: Uint8Array.from(kept.flat()) };
}

function compared(a: ArrayLike<number>, b: ArrayLike<number>) {
  const differences = Array.from(a, (value, i) => Math.abs(value - (b[i] as number)));
  return {
    mean: differences.reduce((sum, value) => sum + value, 0) / differences.length,
    largest: Math.max(...differences),
  };
}

/** A JPEG whose segments of a kind are called by another name. */
function without(file: Buffer, marker: number): Buffer {
  for (let at = 2; file[at + 1] !== 0xda; at += 2 + file.readUInt16BE(at + 2))
    if (file[at + 1] === marker) file[at + 1] = 0xe9;
  return file;
}
