import { UnlabelError } from '../contract/errors.ts';
import { readJpegHeader } from './jpeg/header.ts';
import { readPngHeader } from './png/header.ts';
import { checkSides } from './size.ts';
import { type ImageHeader, sniff } from './sniff.ts';
import { readWebpHeader } from './webp/header.ts';

const readers = { jpeg: readJpegHeader, png: readPngHeader, webp: readWebpHeader };

/**
 * Reads type, size and orientation without decoding, in one walk over the file's segments, and refuses what the
 * decoders must not see: animated, CMYK, cut off, a side too long. How many pixels there may be depends on how they are
 * decoded: {@link checkPixels}.
 *
 * @param bytes the encoded image.
 * @throws UnlabelError `invalid_image`, `image_too_large` (names the limit) or `unsupported_media_type`.
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  const type = sniff(bytes);
  return withinBytes(() => {
    const header = { type, ...readers[type](bytes) };
    checkSides(header);
    return header;
  });
}

/** Does what reads an image to its end, and says so where there is nothing left to read. */
export function withinBytes<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    throw namedCutOff(error);
  }
}

/** The error itself, but for reading past the end. */
export function namedCutOff(error: unknown): unknown {
  // DataView throws this for every read past the end.
  if (!(error instanceof RangeError)) return error;
  return new UnlabelError('invalid_image', 'The image is cut off', { cause: error });
}
