import { UnlabelError } from '../contract/errors.ts';
import {
  drawableSize,
  type ImageBytes,
  type ImageSource,
  isBytes,
  unreadable,
} from '../contract/image-source.ts';
import { limits } from '../contract/limits.ts';
import { flatten } from './flatten.ts';
import { readHeader } from './header.ts';
import { orient } from './orient.ts';
import { decodePng } from './png-decode.ts';
import { fitPixels, fitRows } from './prepare.ts';
import type { Size } from './resize.ts';
import { checkSize } from './size.ts';

/** Pixels that are read back from a canvas at a time: 16 MiB, so that a large photo is held as pixels only once. */
const stripPixels = 4 * 1024 * 1024;

/**
 * Makes the pixels of a model's input out of any image that a page or its worker has at hand, as a server does
 * ({@link prepareImage}). A PNG file is decoded by us, to the same bytes as there: a canvas keeps no colour beneath
 * transparency, and some browsers blur what is read from it. JPEG and WebP are decoded by the browser.
 *
 * @param input the model's input size in pixels.
 * @param field name of the image in an error.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`.
 */
export async function fitImage(image: ImageSource, input: Size, field: string): Promise<Uint8Array> {
  try {
    if (isBytes(image)) return await fitFile(await read(image), input);
    const size = drawableSize(image);
    checkSize(size.width, size.height, limits.pageImagePixels);
    return 'data' in image ? fitPixels(rgba(image), input) : fitDrawn(image, size, input);
  } catch (error) {
    if (error instanceof UnlabelError)
      throw new UnlabelError(error.code, error.message, { field, cause: error.cause });
    throw unreadable(error, field);
  }
}

async function read(image: ImageBytes): Promise<Uint8Array<ArrayBuffer>> {
  if (image instanceof Blob) return new Uint8Array(await image.arrayBuffer());
  return ArrayBuffer.isView(image)
    ? new Uint8Array(image.buffer as ArrayBuffer, image.byteOffset, image.byteLength)
    : new Uint8Array(image);
}

async function fitFile(bytes: Uint8Array<ArrayBuffer>, input: Size): Promise<Uint8Array> {
  const { type, width, height, orientation } = readHeader(bytes, limits.pageImagePixels);
  if (type === 'png') return fitPixels(await decodePng(bytes), input, orientation);
  // The browser turns the picture upright. A colour profile is ignored, as on the server.
  const bitmap = await createImageBitmap(new Blob([bytes], { type: `image/${type}` }), {
    colorSpaceConversion: 'none',
  });
  try {
    const upright = orient(width, height, orientation);
    if (bitmap.width !== upright.width || bitmap.height !== upright.height)
      throw new TypeError('it has another size than its header says');
    return fitDrawn(bitmap, upright, input);
  } finally {
    bitmap.close();
  }
}

function rgba(image: ImageData): ImageData & { data: Uint8ClampedArray } {
  if (!(image.data instanceof Uint8ClampedArray)) throw new TypeError('its pixels have more than 8 bits');
  return image as ImageData & { data: Uint8ClampedArray };
}

/** Draws strip by strip on white and reads the pixels back. */
function fitDrawn(image: CanvasImageSource, { width, height }: Size, input: Size): Uint8Array {
  const rows = Math.min(height, Math.max(1, Math.floor(stripPixels / width)));
  const context = new OffscreenCanvas(width, rows).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  });
  if (!context) throw new TypeError('this browser gives no canvas');
  context.fillStyle = 'white';
  let top = 0;
  let strip: Uint8ClampedArray | undefined;
  const readRow = (y: number, row: Uint8Array) => {
    if (!strip || y >= top + rows) {
      top = y;
      context.fillRect(0, 0, width, rows);
      context.drawImage(image, 0, -top, width, height);
      strip = context.getImageData(0, 0, width, rows).data;
    }
    flatten(strip, (y - top) * width, 1, row);
  };
  return fitRows({ width, height, readRow }, input);
}
