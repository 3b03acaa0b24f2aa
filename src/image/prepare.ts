import { UnlabelError } from '../contract/errors.ts';
import type { Codecs } from './codecs/codecs.ts';
import type { Orientation } from './exif.ts';
import { flatten } from './flatten.ts';
import { readHeader } from './header.ts';
import { orient } from './orient.ts';
import type { Rgba } from './pixels.ts';
import { type Box, type RgbRows, resize, type Size } from './resize.ts';

/**
 * Turns an encoded image into the pixels of a model's input: checks, decodes, and fits as {@link fitPixels}.
 *
 * @param bytes a JPEG, PNG or WebP.
 * @param input the model's input size in pixels.
 * @param codecs decoders of this platform.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`.
 */
export async function prepareImage(bytes: Uint8Array, input: Size, codecs: Codecs): Promise<Uint8Array> {
  const { type, width, height, orientation } = readHeader(bytes);
  const pixels = await codecs[type](bytes);
  if (pixels.width !== width || pixels.height !== height) {
    throw new UnlabelError('invalid_image', 'The image has another size than its header says');
  }
  return fitPixels(pixels, input, orientation);
}

/**
 * Fits decoded pixels to a model's input: turns them upright, lays them on white, crops the centre to the input's
 * aspect ratio and resizes. As Pillow's `exif_transpose`, `paste` on white and `ImageOps.fit(image, size, BILINEAR)`.
 *
 * @param pixels at least 1 x 1; not changed.
 * @param input the model's input size in pixels.
 * @param orientation how the pixels are stored. Default: upright.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 */
export function fitPixels(pixels: Rgba, input: Size, orientation: Orientation = 1): Uint8Array {
  const { width, height, start, right, down } = orient(pixels.width, pixels.height, orientation);
  const readRow = (y: number, row: Uint8Array) => flatten(pixels.data, start + y * down, right, row);
  return fitRows({ width, height, readRow }, input);
}

/** Crops the centre of opaque upright pixels to the input's aspect ratio and resizes. */
export function fitRows(rows: RgbRows, input: Size): Uint8Array {
  return resize(rows, input, centreCrop(rows, input));
}

/** The largest centred box of the target's aspect ratio. */
function centreCrop({ width, height }: Size, target: Size): Box {
  const ratio = target.width / target.height;
  const isWider = width / height >= ratio;
  const cropWidth = isWider ? Math.min(ratio * height, width) : width;
  const cropHeight = isWider ? height : Math.min(width / ratio, height);
  const left = (width - cropWidth) / 2;
  const top = (height - cropHeight) / 2;
  return { left, top, right: left + cropWidth, bottom: top + cropHeight };
}
