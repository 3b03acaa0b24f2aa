import { limits } from '../../../../src/contract/limits.ts';
import { readHeader } from '../../../../src/image/header.ts';
import { mendPicture, shapePicture } from '../picture-shape.ts';
import { must, refusal, type Target } from '../target.ts';
import { pictureSeeds, pictureTokens } from './picture-seeds.ts';

/** What a file says of its picture, before any pixel is decoded. */
export const header: Target = {
  seeds: pictureSeeds,
  tokens: pictureTokens,
  shape: shapePicture,
  mend: mendPicture,
  run(input) {
    try {
      const { type, width, height, orientation, end } = readHeader(input);
      must(width > 0 && height > 0, `${width} x ${height} pixels`);
      must(Math.max(width, height) <= limits.imageSide, `a side of ${Math.max(width, height)}`);
      must(orientation >= 1 && orientation <= 8, `orientation ${orientation}`);
      must(end === undefined || (end > 0 && end <= input.length), `an end at ${end} of ${input.length}`);
      return `${type} ${width} x ${height}, ${orientation}, ${end}`;
    } catch (error) {
      return refusal(error);
    }
  },
};
