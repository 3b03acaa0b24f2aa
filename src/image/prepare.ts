import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { Codecs } from './codecs/codecs.ts';
import { fitPixels, type Target } from './fit/fit.ts';
import { finish } from './fit/steps.ts';
import { readHeader } from './header.ts';
import { cutLarge, type Whole } from './jpeg/cut/cut-large.ts';
import { withEndMarker } from './jpeg/header.ts';
import { fitReduced } from './reduce.ts';
import { checkPixels } from './size.ts';
import type { ImageHeader } from './sniff.ts';

/**
 * Turns an encoded image into the pixels of a model's input: checks, decodes, and fits as {@link fitReduced} where that
 * is enough, and else as {@link fitPixels}, of a large JPEG the part alone ({@link cutLarge}).
 *
 * @param bytes a JPEG, PNG or WebP.
 * @param input the model's input size in pixels.
 * @param codecs decoders of this platform.
 * @param header of these bytes, where it has been read already.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`.
 */
export async function prepareImage(
  bytes: Uint8Array,
  input: Target,
  codecs: Codecs,
  header: ImageHeader = readHeader(bytes),
): Promise<Uint8Array> {
  const fitted = finish(fitReduced(bytes, header, input));
  return fitted ?? prepareWhole(finish(cutLarge({ bytes, header, input })), codecs);
}

/** Prepares an image as {@link prepareImage} does, in pieces where it is large. */
export async function* prepareInPieces(
  bytes: Uint8Array,
  input: Target,
  codecs: Codecs,
  header: ImageHeader,
): AsyncGenerator<void, Uint8Array> {
  const fitted = yield* fitReduced(bytes, header, input);
  return fitted ?? prepareWhole(yield* cutLarge({ bytes, header, input }), codecs);
}

async function prepareWhole({ bytes, header, input }: Whole, codecs: Codecs): Promise<Uint8Array> {
  const { type, width, height, orientation, end } = header;
  checkWhole(header);
  const pixels = await codecs[type](end === undefined ? bytes : withEndMarker(bytes, end));
  if (pixels.width !== width || pixels.height !== height) {
    throw new UnlabelError('invalid_image', 'The image has another size than its header says');
  }
  return fitPixels(pixels, input, orientation);
}

/** @throws UnlabelError `image_too_large` where an image cannot be decoded as a whole: says what helps. */
function checkWhole(header: ImageHeader): void {
  const { type, orientation, rowBytes, width, height } = header;
  const orSend = 'or let a page send the pixels (`upload: "tensor"`)';
  const isByRows = rowBytes !== undefined && orientation === 1;
  if (type === 'webp') checkPixels(header, limits.imagePixels, `scale it down, save it as JPEG, ${orSend}`);
  if (type === 'jpeg' || isByRows) checkPixels(header, limits.reducedPixels, `scale it down, ${orSend}`);
  if (isByRows && rowBytes * height > limits.pngRowBytes)
    throw new UnlabelError(
      'image_too_large',
      `The PNG has ${width} x ${height} pixels of ${rowBytes * height} bytes, more than ${limits.pngRowBytes}: scale it down, ${orSend}`,
    );
  const advice =
    type === 'png'
      ? 'save it upright and without interlacing, or scale it down'
      : 'crop it, or scale it down';
  checkPixels(header, limits.imagePixels, `${advice}, ${orSend}`);
}
