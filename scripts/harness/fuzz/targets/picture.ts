import { crc32 } from 'node:zlib';
import { limits } from '../../../../src/contract/limits.ts';
import type { Codecs } from '../../../../src/image/codecs/codecs.ts';
import { codecs } from '../../../../src/image/codecs/codecs-node.ts';
import type { Decode } from '../../../../src/image/pixels.ts';
import { prepareImage } from '../../../../src/image/prepare.ts';
import { mendPicture, shapePicture } from '../picture-shape.ts';
import { must, refusal, type Target } from '../target.ts';
import { pictureSeeds, pictureTokens } from './picture-seeds.ts';

/** A decoder whose pixels must be as many as it says, and no more than may be. */
const checked =
  (decode: Decode): Decode =>
  async (bytes) => {
    const pixels = await decode(bytes);
    const { width, height, data } = pixels;
    must(data.length === width * height * 4, `${data.length} bytes for ${width} x ${height} pixels`);
    must(width * height <= limits.imagePixels, `${width} x ${height} pixels`);
    return pixels;
  };

const checkedCodecs: Codecs = {
  jpeg: checked(codecs.jpeg),
  png: checked(codecs.png),
  webp: checked(codecs.webp),
};

/** A whole picture: checked, decoded, turned, cropped and resized as for a model. */
export const picture: Target = {
  seeds: pictureSeeds,
  tokens: pictureTokens,
  shape: shapePicture,
  mend: mendPicture,
  async run(input) {
    // Larger than some pictures, smaller than others, and neither square nor upright.
    const size = { width: 32, height: 20 };
    try {
      const pixels = await prepareImage(input, size, checkedCodecs);
      must(pixels.length === size.width * size.height * 3, `${pixels.length} bytes of RGB`);
      return `pixels ${crc32(pixels)}`;
    } catch (error) {
      return refusal(error);
    }
  },
};
