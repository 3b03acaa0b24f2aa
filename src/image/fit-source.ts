import { drawableSize, unreadable } from '../contract/drawable.ts';
import { atField, UnlabelError } from '../contract/errors.ts';
import {
  brandOf,
  type Drawable,
  type ImageBytes,
  type ImageSource,
  isBlob,
  isBytes,
} from '../contract/image-source.ts';
import { limits } from '../contract/limits.ts';
import { checkInside } from '../contract/rules/region.ts';
import { fitPixels, type Target } from './fit/fit.ts';
import type { Size } from './fit/resize.ts';
import { checkPixels } from './size.ts';

type Pixels = Uint8Array | Promise<Uint8Array>;

/**
 * Makes the pixels of a model's input out of any image: of bytes and of what is drawn in the way of the platform, of
 * pixels at hand here.
 *
 * @param input the model's input size in pixels.
 * @param field name of the image in an error.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large`, `unsupported_media_type`; `invalid_parameter` for a region
 * that the image does not have.
 */
export async function fitSource(
  image: ImageSource,
  input: Target,
  field: string,
  fitFile: (bytes: Uint8Array<ArrayBuffer>, input: Target) => Pixels,
  fitDrawable: (image: Exclude<Drawable, ImageData>, size: Size) => Pixels,
): Promise<Uint8Array> {
  try {
    if (isBytes(image)) return await fitFile(await read(image), input);
    const size = drawableSize(image);
    checkPixels(size, limits.pageImagePixels);
    checkInside(input.region, size);
    return 'data' in image ? fitPixels(rgba(image), input) : await fitDrawable(image, size);
  } catch (error) {
    throw error instanceof UnlabelError ? atField(error, field) : unreadable(error, field);
  }
}

async function read(image: ImageBytes): Promise<Uint8Array<ArrayBuffer>> {
  if (isBlob(image)) return new Uint8Array(await image.arrayBuffer());
  return ArrayBuffer.isView(image)
    ? new Uint8Array(image.buffer as ArrayBuffer, image.byteOffset, image.byteLength)
    : new Uint8Array(image as ArrayBuffer);
}

function rgba(image: ImageData): ImageData & { data: Uint8ClampedArray } {
  if (brandOf(image.data) !== 'Uint8ClampedArray') throw new TypeError('its pixels have more than 8 bits');
  return image as ImageData & { data: Uint8ClampedArray };
}
