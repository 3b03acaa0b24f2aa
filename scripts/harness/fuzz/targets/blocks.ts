import { crc32 } from 'node:zlib';
import { limits } from '../../../../src/contract/limits.ts';
import { fitPixels } from '../../../../src/image/fit/fit.ts';
import { readHeader, withinBytes } from '../../../../src/image/header.ts';
import { decodeDc } from '../../../../src/image/jpeg/dc.ts';
import { flatJpeg } from '../../inputs/flat-jpeg.ts';
import { oddPictures } from '../../inputs/odd-pictures.ts';
import { fixturePictures } from '../../inputs/pictures.ts';
import { must, refusal, type Target } from '../target.ts';
import { pictureTokens } from './picture-seeds.ts';

/** A JPEG of any size by the DC coefficients of its blocks, which large ones are read by. */
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
      return `pixels ${crc32(fitPixels(pixels, { width: 8, height: 5 }, orientation, size))}`;
    } catch (error) {
      return refusal(error);
    }
  },
};
