import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { limits } from '../contract/limits.ts';
import { checkInside } from '../contract/rules/region.ts';
import { bitmapOf, bitmapOfSvg } from './bitmap-web.ts';
import { fitPixels, fitRows, type Target } from './fit/fit.ts';
import { flatten } from './fit/flatten.ts';
import type { Size } from './fit/resize.ts';
import { finish } from './fit/steps.ts';
import { fitSource } from './fit-source.ts';
import { readHeader, withinBytes } from './header.ts';
import { cutLarge, type Whole } from './jpeg/cut/cut-large.ts';
import { decodeDc } from './jpeg/dc.ts';
import { hideExif, withEndMarker } from './jpeg/header.ts';
import { checkLastScan } from './jpeg/last-scan.ts';
import type { Rgba } from './pixels.ts';
import { decodePng } from './png/decode.ts';
import { fitReduced } from './reduce.ts';
import { checkPixels } from './size.ts';
import type { ImageHeader } from './sniff.ts';

/** Pixels that are read back from a canvas at a time: 16 MiB, so that a large photo is held as pixels only once. */
const stripPixels = 4 * 1024 * 1024;

/** Where a WebP says what it has (RFC 9649, 2.7), and the bit for EXIF. */
const webpFlags = 20;
const exifFlag = 0x08;

/**
 * Makes the pixels of a model's input out of any image that a page or its worker has at hand, as a server does
 * ({@link prepareImage}): a PNG and a large JPEG by the same code, to the same bytes. A canvas keeps no color beneath
 * transparency, and some browsers blur what is read from it. A small JPEG, what is cut out of one that is too large to be
 * held, and a WebP are decoded by the browser, and so is every file that only the browser knows (AVIF, BMP, CMYK JPEG, HEIC
 * on Safari, the first frame of an animation; SVG in a document).
 *
 * Color profiles of files are ignored, as on the server; an element or a bitmap is taken as it is shown.
 *
 * @param input the model's input size in pixels.
 * @param field name of the image in an error.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 * @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`.
 */
export function fitImage(image: ImageSource, input: Target, field: string): Promise<Uint8Array> {
  return fitSource(image, input, field, fitFile, (drawable, size) =>
    'naturalWidth' in drawable
      ? bitmapOf(drawable).then((bitmap) => fitBitmap(bitmap, input))
      : fitDrawn(drawable, size, input),
  );
}

async function fitFile(bytes: Uint8Array<ArrayBuffer>, input: Target): Promise<Uint8Array> {
  let header: ImageHeader;
  try {
    header = readHeader(bytes);
  } catch (error) {
    if (!(error instanceof UnlabelError) || error.code !== 'unsupported_media_type') throw error;
    const bitmap = await decodeOther(bytes);
    // What the browser does not know is refused as on the server.
    if (!bitmap) throw error;
    return fitBitmap(bitmap, input);
  }
  const reduced = finish(fitReduced(bytes, header, input));
  if (reduced) return reduced;
  const { type, width, height } = header;
  if (type === 'jpeg') checkPixels(header, limits.reducedPixels);
  const whole = { bytes, header, input };
  return fitWhole(width * height > limits.pageImagePixels ? finish(cutLarge(whole)) : whole);
}

async function fitWhole({ bytes, header, input }: Whole<Uint8Array<ArrayBuffer>>): Promise<Uint8Array> {
  const { type, width, height, orientation } = header;
  checkPixels(header, limits.pageImagePixels);
  if (type === 'png') return fitPixels(await decodePng(bytes), input, orientation);
  const bitmap = await decode(new Blob([unturned(bytes, header)], { type: `image/${type}` }));
  try {
    if (bitmap.width !== width || bitmap.height !== height)
      throw new TypeError('it has another size than its header says');
    return orientation === 1
      ? fitDrawn(bitmap, header, input)
      : fitPixels(drawn(bitmap, header), input, orientation);
  } finally {
    bitmap.close();
  }
}

/** A color profile is ignored, as on the server. */
function decode(file: Blob): Promise<ImageBitmap> {
  return createImageBitmap(file, { colorSpaceConversion: 'none' });
}

/** Undefined for a file that this browser cannot decode. */
async function decodeOther(bytes: Uint8Array<ArrayBuffer>): Promise<ImageBitmap | undefined> {
  const file = new Blob([bytes]);
  return (await bitmapOfSvg(file).catch(() => undefined)) ?? decode(file).catch(() => undefined);
}

function fitBitmap(bitmap: ImageBitmap, input: Target): Uint8Array {
  try {
    checkPixels(bitmap, limits.pageImagePixels);
    checkInside(input.region, bitmap);
    return fitDrawn(bitmap, bitmap, input);
  } finally {
    bitmap.close();
  }
}

/**
 * A file that the browser decodes as it is stored: one reader decides what EXIF says, ours. Chromium turns it by its own
 * reading even where `imageOrientation: 'none'` asks it not to.
 */
function unturned(bytes: Uint8Array<ArrayBuffer>, { type, end }: ImageHeader): Uint8Array<ArrayBuffer> {
  if (type === 'webp') {
    const copy = bytes.slice();
    copy[webpFlags] = (copy[webpFlags] as number) & ~exifFlag;
    return isExtended(copy) ? copy : bytes;
  }
  // Browsers fill up what is missing; here a block that is missing is found.
  if (end !== undefined)
    withinBytes(() => {
      finish(checkLastScan(bytes, end));
      decodeDc(bytes);
    });
  const copy = end === undefined ? bytes.slice() : withEndMarker(bytes, end);
  hideExif(copy);
  return copy;
}

/** Whether a WebP has flags (RFC 9649, 2.7). */
function isExtended(webp: Uint8Array): boolean {
  return String.fromCharCode(...webp.subarray(12, 16)) === 'VP8X';
}

/** Fits what a canvas draws, strip by strip. */
function fitDrawn(image: CanvasImageSource, { width, height }: Size, input: Target): Uint8Array {
  const rows = Math.min(height, Math.max(1, Math.floor(stripPixels / width)));
  const context = canvas(width, rows);
  let top = 0;
  let strip: Uint8ClampedArray | undefined;
  const readRow = (y: number, row: Uint8Array | undefined) => {
    if (!row) return;
    if (!strip || y >= top + rows) {
      top = y;
      strip = drawStrip(context, image, { width, height }, top).data;
    }
    flatten(strip as Uint8ClampedArray, (y - top) * width, 1, row);
  };
  return finish(fitRows({ width, height, readRow }, input));
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
