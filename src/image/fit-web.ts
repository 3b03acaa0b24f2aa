import { drawableSize, unreadable } from '../contract/drawable.ts';
import { UnlabelError } from '../contract/errors.ts';
import { type ImageBytes, type ImageSource, isBytes } from '../contract/image-source.ts';
import { limits } from '../contract/limits.ts';
import { flatten } from './flatten.ts';
import { readHeader } from './header.ts';
import { orient } from './orient.ts';
import type { Rgba } from './pixels.ts';
import { decodePng } from './png/decode.ts';
import { fitPixels, fitRows } from './prepare.ts';
import type { Size } from './resize.ts';
import { checkSize } from './size.ts';

/** Pixels that are read back from a canvas at a time: 16 MiB, so that a large photo is held as pixels only once. */
const stripPixels = 4 * 1024 * 1024;

/** Where a WebP says what it has (RFC 9649, 2.7), and the bit for EXIF. */
const webpFlags = 20;
const exifFlag = 0x08;

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
    : new Uint8Array(image as ArrayBuffer);
}

async function fitFile(bytes: Uint8Array<ArrayBuffer>, input: Size): Promise<Uint8Array> {
  const { type, width, height, orientation } = readHeader(bytes, limits.pageImagePixels);
  if (type === 'png') return fitPixels(await decodePng(bytes), input, orientation);
  // Every browser turns a JPEG upright, and not every one a WebP: that is turned by us.
  const turn = type === 'webp' ? orientation : 1;
  const file = turn === 1 ? bytes : withoutExif(bytes);
  const expected = turn === 1 ? orient(width, height, orientation) : { width, height };
  // A colour profile is ignored, as on the server.
  const bitmap = await createImageBitmap(new Blob([file], { type: `image/${type}` }), {
    colorSpaceConversion: 'none',
  });
  try {
    if (bitmap.width !== expected.width || bitmap.height !== expected.height)
      throw new TypeError('it has another size than its header says');
    return turn === 1 ? fitDrawn(bitmap, expected, input) : fitPixels(drawn(bitmap, expected), input, turn);
  } finally {
    bitmap.close();
  }
}

/** A copy of a WebP whose header says that it has no EXIF. */
function withoutExif(webp: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = webp.slice();
  copy[webpFlags] = (copy[webpFlags] as number) & ~exifFlag;
  return copy;
}

function rgba(image: ImageData): ImageData & { data: Uint8ClampedArray } {
  if (!(image.data instanceof Uint8ClampedArray)) throw new TypeError('its pixels have more than 8 bits');
  return image as ImageData & { data: Uint8ClampedArray };
}

/** Fits what a canvas draws, strip by strip. */
function fitDrawn(image: CanvasImageSource, { width, height }: Size, input: Size): Uint8Array {
  const rows = Math.min(height, Math.max(1, Math.floor(stripPixels / width)));
  const context = canvas(width, rows);
  let top = 0;
  let strip: Uint8ClampedArray | undefined;
  const readRow = (y: number, row: Uint8Array) => {
    if (!strip || y >= top + rows) {
      top = y;
      strip = drawStrip(context, image, { width, height }, top).data;
    }
    flatten(strip as Uint8ClampedArray, (y - top) * width, 1, row);
  };
  return fitRows({ width, height, readRow }, input);
}

function drawn(image: CanvasImageSource, size: Size): Rgba {
  return drawStrip(canvas(size.width, size.height), image, size, 0);
}

function canvas(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
  });
  if (!context) throw new TypeError('this browser gives no canvas');
  context.fillStyle = 'white';
  return context;
}

/** Draws the rows of an image from `top` on white, as many as the canvas has, and reads them back. */
function drawStrip(
  context: OffscreenCanvasRenderingContext2D,
  image: CanvasImageSource,
  { width, height }: Size,
  top: number,
): Rgba & { data: Uint8ClampedArray } {
  const { height: rows } = context.canvas;
  context.fillRect(0, 0, width, rows);
  context.drawImage(image, 0, -top, width, height);
  return context.getImageData(0, 0, width, rows) as ImageData & { data: Uint8ClampedArray };
}
