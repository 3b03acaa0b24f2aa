import { UnlabelError } from '../contract/errors.ts';
import { readJpegHeader } from './jpeg/header.ts';
import { readPngHeader } from './png/header.ts';
import { checkSize } from './size.ts';
import { type ImageHeader, sniff } from './sniff.ts';
import { readWebpHeader } from './webp/header.ts';

const readers = { jpeg: readJpegHeader, png: readPngHeader, webp: readWebpHeader };

/**
 * Reads type, size and orientation without decoding, in one walk over the file's segments, and refuses what the
 * decoders must not see: too large, animated, CMYK, cut off.
 *
 * @param bytes the encoded image.
 * @param maxPixels Default: `limits.imagePixels`.
 * @throws UnlabelError `invalid_image`, `image_too_large` (names the limit) or `unsupported_media_type`.
 */
export function readHeader(bytes: Uint8Array, maxPixels?: number): ImageHeader {
  const type = sniff(bytes);
  try {
    const header = { type, ...readers[type](bytes) };
    checkSize(header.width, header.height, maxPixels);
    return header;
  } catch (error) {
    // DataView throws this for every read past the end.
    if (error instanceof RangeError)
      throw new UnlabelError('invalid_image', 'The image is cut off', { cause: error });
    throw error;
  }
}
