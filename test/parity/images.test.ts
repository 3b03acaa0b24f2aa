import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fixtures, largestDifference, readFixture } from '../../scripts/harness/inputs/parity-fixtures.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';

const readings = new Uint8Array(gunzipSync(readFixture('images.bin.gz')));
let offset = 0;
const cases = fixtures.images.map((image) => {
  const start = offset;
  offset += image.width * image.height * 3;
  return { ...image, expected: readings.subarray(start, offset) };
});

test.each(cases)('$name reads as in Pillow', async ({ name, width, height, expected }) => {
  const made = await prepareImage(readFixture(`images/${name}`), { width, height }, codecs);
  expect(largestDifference(made, expected)).toBe(0);
});

test.each([
  ['cmyk.jpg', 'CMYK JPEG'],
  ['animated.png', 'animated PNG'],
  ['animated.webp', 'animated WebP'],
  ['animated.gif', 'JPEG, PNG or WebP'],
])('%s is refused, not misread', async (name, reason) => {
  const made = prepareImage(readFixture(`images/${name}`), { width: 32, height: 32 }, codecs);
  await expect(made).rejects.toMatchObject({ status: 415, message: expect.stringContaining(reason) });
});
