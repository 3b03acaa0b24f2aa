import { expect, test } from 'vitest';
import { exifOrientation } from '../../../src/image/exif.ts';

interface Options {
  littleEndian?: boolean;
  type?: number;
  value?: number;
  prefix?: boolean;
}

function exif({ littleEndian = false, type = 3, value = 6, prefix = false }: Options): Uint8Array {
  const tiff = Buffer.alloc(38);
  const view = new DataView(tiff.buffer, tiff.byteOffset, tiff.length);
  tiff.write(littleEndian ? 'II' : 'MM');
  view.setUint16(2, 42, littleEndian);
  view.setUint32(4, 8, littleEndian);
  view.setUint16(8, 2, littleEndian);
  view.setUint16(10, 0x010f, littleEndian);
  view.setUint16(22, 0x0112, littleEndian);
  view.setUint16(24, type, littleEndian);
  view.setUint32(26, 1, littleEndian);
  if (type === 4) view.setUint32(30, value, littleEndian);
  else view.setUint16(30, value, littleEndian);
  return Buffer.concat([Buffer.from(prefix ? 'Exif\0\0' : ''), tiff]);
}

test.each([
  { littleEndian: true },
  { littleEndian: false },
  { littleEndian: true, prefix: true },
  { littleEndian: true, type: 4 },
  { littleEndian: false, type: 4 },
])('the orientation is found: %o', (options) => {
  for (let value = 1; value <= 8; value++) expect(exifOrientation(exif({ ...options, value }))).toBe(value);
});

test.each([0, 9, 65_535])('%i is no orientation and counts as upright', (value) => {
  expect(exifOrientation(exif({ value }))).toBe(1);
});

test('a block cut at any byte is upright or as the whole', () => {
  const whole = exif({});
  for (let end = 0; end < 32; end++) expect(exifOrientation(whole.subarray(0, end))).toBe(1);
});
