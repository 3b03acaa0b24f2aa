import { expect, test } from 'vitest';
import { readFixture } from '../../../scripts/harness/inputs/parity-fixtures.ts';
import { chunk, data, header, png } from '../../../scripts/harness/inputs/png-file.ts';
import type { Codecs } from '../../../src/image/codecs/codecs.ts';
import { readHeader } from '../../../src/image/header.ts';
import { prepareImage } from '../../../src/image/prepare.ts';

const jpegFile = readFixture('images/baseline-420.jpg');
const lossyFile = readFixture('images/lossy.webp');
const losslessFile = readFixture('images/lossless.webp');

const claims: Record<string, (width: number, height: number) => Uint8Array> = {
  png: (width, height) => png(header(width, height), data(new Uint8Array(4))),
  greyPng: (width, height) => png(header(width, height, 0), data(new Uint8Array(4))),
  interlacedPng: (width, height) => {
    const file = Buffer.from(png(header(width, height), data(new Uint8Array(4))));
    file[28] = 1;
    return new Uint8Array(file);
  },
  jpeg: (width, height) => {
    const file = Buffer.from(jpegFile);
    const frame = file.indexOf(Buffer.from([0xff, 0xc0, 0, 17, 8]));
    file.writeUInt16BE(height, frame + 5);
    file.writeUInt16BE(width, frame + 7);
    return new Uint8Array(file);
  },
  lossyWebp: (width, height) => {
    const file = Buffer.from(lossyFile);
    const frame = file.indexOf(Buffer.from([0x9d, 0x01, 0x2a]));
    file.writeUInt16LE(width, frame + 3);
    file.writeUInt16LE(height, frame + 5);
    return new Uint8Array(file);
  },
  losslessWebp: (width, height) => {
    const file = Buffer.from(losslessFile);
    const at = file.indexOf('VP8L') + 9;
    file.writeUInt32LE(((file.readUInt32LE(at) & 0xf0000000) | ((height - 1) << 14) | (width - 1)) >>> 0, at);
    return new Uint8Array(file);
  },
};

const decode = () => Promise.reject(new Error('the decoder was reached'));
const unreachable: Codecs = { jpeg: decode, png: decode, webp: decode };

const input = { width: 32, height: 32 };
const claimed = (type: string, width: number, height: number) =>
  prepareImage(claims[type]?.(width, height) as Uint8Array, input, unreachable);

test.each(['lossyWebp', 'losslessWebp', 'interlacedPng'])(
  '%s: the limit of pixels that are held as a whole is exact',
  async (type) => {
    await expect(claimed(type, 2048, 2048)).rejects.toThrow('the decoder was reached');
    await expect(claimed(type, 1985, 2113)).rejects.toMatchObject({
      code: 'image_too_large',
      message: expect.stringMatching(/1985 x 2113.* more than 4194304: .*save it .*upload/),
    });
  },
);

test.each(['jpeg', 'greyPng'])('%s: the limit of pixels that are not held is exact', async (type) => {
  // Nothing is wrong with the size, but there are no such pixels.
  await expect(claimed(type, 10_000, 10_000)).rejects.toMatchObject({ code: 'invalid_image' });
  await expect(claimed(type, 10_001, 10_000)).rejects.toMatchObject({
    code: 'image_too_large',
    message: expect.stringMatching(/10001 x 10000.* more than 100000000: scale it down/),
  });
});

test('a JPEG that is large and narrow is decoded as a whole, within the limit of that', async () => {
  // 16 pixels of the file for each of the network's, and 8 where the whole would be too large.
  await expect(claimed('jpeg', 512, 512)).rejects.toMatchObject({ message: 'The image is cut off' });
  await expect(claimed('jpeg', 511, 512)).rejects.toThrow('the decoder was reached');
  await expect(claimed('jpeg', 16_384, 256)).rejects.toThrow('the decoder was reached');
  await expect(claimed('jpeg', 16_384, 257)).rejects.toMatchObject({ message: 'The image is cut off' });
  await expect(claimed('jpeg', 255, 16_384)).rejects.toThrow('the decoder was reached');
});

test('a PNG of too many bytes is refused, whatever it has in pixels', async () => {
  const claim = claims.png?.(8000, 8000) as Uint8Array;
  await expect(prepareImage(claim, input, unreachable)).rejects.toMatchObject({
    code: 'image_too_large',
    message: expect.stringMatching(/192008000 bytes, more than 134217728/),
  });
});

test.each(['png', 'jpeg'])('%s: the side limit is exact', (type) => {
  expect(readHeader(claims[type]?.(16_384, 1) as Uint8Array)).toMatchObject({ width: 16_384, height: 1 });
  for (const [width, height] of [[16_385, 1] as const, [1, 16_385] as const, [65_535, 65_535] as const]) {
    expect(() => readHeader(claims[type]?.(width, height) as Uint8Array)).toThrow(
      expect.objectContaining({ code: 'image_too_large', message: expect.stringContaining('16384') }),
    );
  }
});

test.each(['png', 'jpeg', 'lossyWebp'])('%s: a side of 0 pixels is invalid', (type) => {
  for (const [width, height] of [[0, 0] as const, [0, 5] as const, [5, 0] as const]) {
    expect(() => readHeader(claims[type]?.(width, height) as Uint8Array)).toThrow(
      expect.objectContaining({ code: 'invalid_image' }),
    );
  }
});

test('a WebP whose frame is larger than its canvas is refused', () => {
  const file = Buffer.from(readFixture('images/lossy-alpha.webp'));
  file.writeUInt16LE(2000, file.indexOf(Buffer.from([0x9d, 0x01, 0x2a])) + 3);
  expect(() => readHeader(new Uint8Array(file))).toThrow(expect.objectContaining({ code: 'invalid_image' }));
});

test('a JPEG of a thousand scans is refused', () => {
  const scan = jpegFile.subarray(Buffer.from(jpegFile).indexOf(Buffer.from([0xff, 0xda])), -2);
  const scans = Array.from({ length: 1000 }, () => scan);
  const file = Buffer.concat([jpegFile.subarray(0, -2), ...scans, jpegFile.subarray(-2)]);
  expect(() => readHeader(new Uint8Array(file))).toThrow(expect.objectContaining({ code: 'invalid_image' }));
});

test('bytes after the end of a picture do not count', () => {
  for (const name of ['baseline-420.jpg', 'rgb.png', 'lossy.webp']) {
    const file = readFixture(`images/${name}`);
    expect(readHeader(new Uint8Array(Buffer.concat([file, Buffer.from('<html>')])))).toEqual(
      readHeader(file),
    );
  }
});

test('a PNG that does not begin with IHDR is invalid', () => {
  const file = png(chunk('tEXt', new Uint8Array(3)), header(1, 1), data(new Uint8Array(4)));
  expect(() => readHeader(file)).toThrow(expect.objectContaining({ code: 'invalid_image' }));
});

test('12-bit, arithmetic-coded and lossless JPEG are not supported', () => {
  const frame = Buffer.from(jpegFile).indexOf(Buffer.from([0xff, 0xc0, 0, 17, 8]));
  for (const [offset, value] of [[4, 12] as const, [1, 0xc9] as const, [1, 0xc3] as const]) {
    const file = jpegFile.slice();
    file[frame + offset] = value;
    expect(() => readHeader(file)).toThrow(expect.objectContaining({ code: 'unsupported_media_type' }));
  }
});
