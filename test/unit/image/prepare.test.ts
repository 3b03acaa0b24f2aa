import { expect, test } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import type { Orientation } from '../../../src/image/exif.ts';
import { fitPixels } from '../../../src/image/fit/fit.ts';
import { prepareImage } from '../../../src/image/prepare.ts';

/** Pixels of one gray each, named by letters: a is 0, b is 10 and so on. */
function letters(rows: string[]) {
  const grays = [...rows.join('')].map((letter) => (letter.charCodeAt(0) - 97) * 10);
  const width = rows[0]?.length ?? 0;
  return {
    width,
    height: rows.length,
    data: new Uint8ClampedArray(grays.flatMap((gray) => [gray, gray, gray, 255])),
  };
}

test.each<[Orientation, string[]]>([
  [1, ['abc', 'def']],
  [2, ['cba', 'fed']],
  [3, ['fed', 'cba']],
  [4, ['def', 'abc']],
  [5, ['ad', 'be', 'cf']],
  [6, ['da', 'eb', 'fc']],
  [7, ['fc', 'eb', 'da']],
  [8, ['cf', 'be', 'ad']],
])('orientation %i is turned upright', (orientation, upright) => {
  const { width, height, data } = letters(upright);
  const made = fitPixels(letters(['abc', 'def']), { width, height }, orientation);
  expect(made).toEqual(new Uint8Array(data.filter((_, i) => i % 4 !== 3)));
});

test('transparency is laid on white, rounded to the nearest gray level', () => {
  for (let alpha = 0; alpha < 256; alpha++) {
    const data = new Uint8Array(256 * 4);
    for (let color = 0; color < 256; color++) data.set([color, 0, 255, alpha], color * 4);
    const made = fitPixels({ width: 256, height: 1, data }, { width: 256, height: 1 });
    for (let color = 0; color < 256; color++) {
      const exact = [color, 0, 255].map((value) => Math.round((value * alpha + 255 * (255 - alpha)) / 255));
      expect([...made.subarray(color * 3, color * 3 + 3)]).toEqual(exact);
    }
  }
});

test('the center is cropped to the aspect ratio of the input', () => {
  const wide = letters(['aabcaa']);
  expect(fitPixels(wide, { width: 2, height: 1 })).toEqual(new Uint8Array([10, 10, 10, 20, 20, 20]));
  const tall = letters(['a', 'a', 'd', 'a', 'a']);
  expect(fitPixels(tall, { width: 1, height: 1 })).toEqual(new Uint8Array([30, 30, 30]));
});

test('pixels given to fitPixels stay as they are', () => {
  const pixels = letters(['abc', 'def']);
  fitPixels(pixels, { width: 2, height: 2 }, 6);
  expect(pixels).toEqual(letters(['abc', 'def']));
});

test('a decoder that disagrees with the header is not believed', async () => {
  const decode = () => Promise.resolve({ width: 2, height: 1, data: new Uint8Array(8) });
  const made = prepareImage(
    readFixture('images/baseline-420.jpg'),
    { width: 4, height: 4 },
    { jpeg: decode, png: decode, webp: decode },
  );
  await expect(made).rejects.toMatchObject({ code: 'invalid_image' });
});
