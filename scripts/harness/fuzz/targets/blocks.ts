import { crc32 } from 'node:zlib';
import { limits } from '../../../../src/contract/limits.ts';
import { fitPixels } from '../../../../src/image/fit/fit.ts';
import { finish } from '../../../../src/image/fit/steps.ts';
import { readHeader, withinBytes } from '../../../../src/image/header.ts';
import { cutJpeg } from '../../../../src/image/jpeg/cut/cut.ts';
import { decodeDc } from '../../../../src/image/jpeg/dc.ts';
import { flatJpeg } from '../../inputs/flat-jpeg.ts';
import { oddPictures } from '../../inputs/odd-pictures.ts';
import { fixturePictures } from '../../inputs/pictures.ts';
import { must, refusal, type Target } from '../target.ts';
import { pictureTokens } from './picture-seeds.ts';

/** A JPEG of any size by the DC coefficients of its blocks, which large ones are read by, and a part of it cut out. */
export const blocks: Target = {
  seeds: [
    ...[...fixturePictures('jpg'), ...oddPictures()]
      .map(({ bytes }) => bytes)
      .filter(([first]) => first === 0xff),
    flatJpeg(100, 60),
  ],
  tokens: [
    ...pictureTokens,
    '\xff\xda',
    '\xff\xc4',
    '\xff\xdd\0\x04\0\x01',
    '\xff\xd0',
    '\xff\xd9',
    '\xff\0',
  ],
  run(input) {
    try {
      const { type, width, height, orientation } = readHeader(input);
      // Of the largest, the time is bounded elsewhere.
      if (type !== 'jpeg' || width * height > limits.imagePixels) return 'another';
      const pixels = withinBytes(() => decodeDc(input));
      must(pixels.width === Math.ceil(width / 8), `${pixels.width} of ${width} columns`);
      must(pixels.height === Math.ceil(height / 8), `${pixels.height} of ${height} rows`);
      must(pixels.data.length === pixels.width * pixels.height * 4, `${pixels.data.length} bytes`);
      const size = { width: width / 8, height: height / 8 };
      return `${cutOf(input, width, height)} pixels ${crc32(fitPixels(pixels, { width: 8, height: 5 }, orientation, size))}`;
    } catch (error) {
      return refusal(error);
    }
  },
};

/** What is cut out of the middle is a JPEG of its own, which has the same DC coefficients. */
function cutOf(input: Uint8Array, width: number, height: number): string {
  const [left, top] = [width >> 1, height >> 1];
  try {
    const part = withinBytes(() => finish(cutJpeg(input, { left, top, right: left + 1, bottom: top + 1 })));
    const header = readHeader(part.bytes);
    must(header.width === part.width && header.height === part.height, 'a part of another size');
    must(part.left <= left && left < part.left + part.width, 'a part from elsewhere');
    return `part ${crc32(decodeDc(part.bytes).data)}`;
  } catch (error) {
    return refusal(error);
  }
}
