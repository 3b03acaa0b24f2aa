import { describe, expect, test } from 'vitest';
import { drawPhoto } from '../../../../scripts/harness/inputs/draw-photo.ts';
import { exif } from '../../../../scripts/harness/inputs/odd-pictures.ts';
import { fixturePictures } from '../../../../scripts/harness/inputs/pictures.ts';
import type { Region } from '../../../../src/contract/model.ts';
import { codecs } from '../../../../src/image/codecs/codecs-node.ts';
import type { Orientation } from '../../../../src/image/exif.ts';
import { fitPixels } from '../../../../src/image/fit/fit.ts';
import { finish } from '../../../../src/image/fit/steps.ts';
import { readHeader } from '../../../../src/image/header.ts';
import { cutJpeg } from '../../../../src/image/jpeg/cut/cut.ts';
import type { Rgba } from '../../../../src/image/pixels.ts';
import { prepareImage, prepareInPieces } from '../../../../src/image/prepare.ts';
import { isInPieces } from '../../../../src/image/reduce.ts';

const input = { width: 32, height: 32 };

/** The pixels of a rectangle. */
function pixelsOf({ width, data }: Rgba, left: number, top: number, right: number, bottom: number): number[] {
  const rows = Array.from({ length: bottom - top }, (_, y) =>
    Array.from(data.subarray(4 * ((top + y) * width + left), 4 * ((top + y) * width + right))),
  );
  return rows.flat();
}

/** The largest difference of two pictures of one size, in gray levels. */
function mostOf(one: Uint8Array, other: Uint8Array): number {
  expect(one).toHaveLength(other.length);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] as number))), 0);
}

async function expectSamePixels(bytes: Uint8Array, [left, top, right, bottom]: number[]): Promise<void> {
  const part = { left, top, right, bottom } as Record<'left' | 'top' | 'right' | 'bottom', number>;
  const cut = finish(cutJpeg(bytes, part));
  const [whole, made] = [await codecs.jpeg(bytes), await codecs.jpeg(cut.bytes)];
  expect(made).toMatchObject({ width: cut.width, height: cut.height });
  const at = [part.left - cut.left, part.top - cut.top] as const;
  const size = [part.right - part.left, part.bottom - part.top] as const;
  const cutPixels = pixelsOf(made, at[0], at[1], at[0] + size[0], at[1] + size[1]);
  const pixels = pixelsOf(whole, part.left, part.top, part.right, part.bottom);
  expect(mostOf(Uint8Array.from(cutPixels), Uint8Array.from(pixels)), `${[left, top, right, bottom]}`).toBe(
    0,
  );
}

test.each(fixturePictures('jpg'))(
  '$name: a part has the pixels that it has in the whole',
  async ({ bytes }) => {
    const { width, height } = await codecs.jpeg(bytes);
    const [x, y] = [width >> 1, height >> 1];
    for (const part of [
      [0, 0, 1, 1],
      [width - 1, height - 1, width, height],
      [x, y, x + 1, y + 1],
      [3, y, x, height],
      [0, 0, width, height],
    ])
      await expectSamePixels(bytes, part);
  },
);

const kinds: [string, object][] = [
  ['progressive', { progressive: true }],
  ['sequential', { progressive: false }],
  ['sequential of low quality', { progressive: false, quality: 12 }],
  ['with all of its color', { quality: 98, auto_subsample: false, chroma_subsample: 1 }],
  ['with color for 24 x 24 pixels', { auto_subsample: false, chroma_subsample: 3 }],
  ['with color for 32 x 32 pixels', { auto_subsample: false, chroma_subsample: 4 }],
  ['in gray', { color_space: 1 }],
  ['of the most quality', { quality: 100, progressive: false }],
];
test.each(kinds)('a photo %s: parts anywhere', async (_, options) => {
  const bytes = await drawPhoto(611, 523, options);
  for (const part of [
    [0, 0, 90, 50],
    [301, 17, 402, 333],
    [500, 400, 611, 523],
    [127, 128, 129, 160],
  ])
    await expectSamePixels(bytes, part);
});

describe('a photo of more pixels than are decoded as a whole', async () => {
  const size = [2300, 1900] as const;
  const photos = {
    progressive: await drawPhoto(...size, { progressive: true }),
    sequential: await drawPhoto(...size, { progressive: false }),
  };
  const regions: Region[] = [
    { x: 0, y: 0, width: 40, height: 60 },
    { x: 1501, y: 333, width: 200, height: 1311 },
    { x: 100, y: 1003, width: 1700, height: 97 },
    { x: 1890, y: 1888, width: 10, height: 12 },
  ];

  test.each(Object.entries(photos))('%s: a small region is that of the whole', async (_, bytes) => {
    const whole = await codecs.jpeg(bytes);
    for (const region of regions) {
      const square = await prepareImage(bytes, { ...input, region }, codecs);
      expect(mostOf(square, fitPixels(whole, { ...input, region })), JSON.stringify(region)).toBe(0);
      // The corners of another shape are held in 32-bit floats.
      const wide = { width: 48, height: 20, region };
      const most = mostOf(await prepareImage(bytes, wide, codecs), fitPixels(whole, wide));
      expect(most, JSON.stringify(region)).toBeLessThanOrEqual(1);
    }
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8] as Orientation[])('turned as EXIF %i says', async (orientation) => {
    const plain = photos.sequential;
    const block = exif(orientation);
    const head = Buffer.from([0xff, 0xe1, 0, block.length + 2]);
    const bytes = new Uint8Array(Buffer.concat([plain.subarray(0, 2), head, block, plain.subarray(2)]));
    const whole = await codecs.jpeg(plain);
    for (const region of regions)
      expect(
        mostOf(
          await prepareImage(bytes, { ...input, region }, codecs),
          fitPixels(whole, { ...input, region }, orientation),
        ),
        JSON.stringify(region),
      ).toBe(0);
  });

  test.each(Object.entries(photos))(
    '%s: refused when cut off, and read without its end',
    async (_, bytes) => {
      const target = { ...input, region: { x: 5, y: 5, width: 100, height: 100 } };
      const whole = await prepareImage(bytes, target, codecs);
      expect(await prepareImage(bytes.subarray(0, -2), target, codecs)).toEqual(whole);
      for (const part of [0.2, 0.5, 0.9, 0.99])
        await expect(
          prepareImage(bytes.subarray(0, bytes.length * part), target, codecs),
        ).rejects.toMatchObject({
          code: 'invalid_image',
        });
    },
  );
});

test('the center of a long picture is cut out in pieces, as a region is', async () => {
  const bytes = await drawPhoto(9_100, 480, { progressive: true });
  const header = readHeader(bytes);
  const square = { width: 64, height: 64 };
  const region = { x: 9_000, y: 0, width: 100, height: 100 };
  for (const target of [square, { ...square, region }]) {
    expect(isInPieces(header, target)).toBe(true);
    const work = prepareInPieces(bytes, target, codecs, header);
    let [pieces, piece] = [1, await work.next()];
    for (; !piece.done; pieces++) piece = await work.next();
    expect(pieces).toBeGreaterThan(5);
    expect(piece.value).toEqual(await prepareImage(bytes, target, codecs));
  }
  // By its DC coefficients, in some milliseconds.
  expect(isInPieces(header, input)).toBe(false);
  expect(isInPieces(header, { ...input, region: { ...region, width: 300, height: 300 } })).toBe(false);
});
