import { drawableSize, unreadable } from '../../contract/drawable.ts';
import { type ImageSource, isBlob, isBytes } from '../../contract/image-source.ts';
import type { Region } from '../../contract/model.ts';
import { bitmapOf, bitmapOfSvg, isSvg } from '../../image/bitmap-web.ts';
import { timeout } from '../../util/timeout.ts';
import { pageLimits } from '../limits.ts';

/** An image that belongs to the engine, and its name in an error. */
export interface TakenImage {
  image: ImageSource;
  field: string;
  /** The part of it that counts. */
  region?: Region | undefined;
}

/**
 * Takes images as they are at this moment, in a form that can be sent to a Worker: a Blob stays a handle, pixels are
 * copied once, an element becomes a bitmap. The caller closes them ({@link closeImages}).
 *
 * @param nameOf - name of an image in an error.
 * @throws UnlabelError `invalid_image`; none of the images is then left open.
 */
export async function takeImages(
  images: readonly ImageSource[],
  nameOf: (index: number) => string,
): Promise<TakenImage[]> {
  // All are taken before this function awaits anything: what the caller does next must not change them.
  const taking = Array.from(images, (image, index) => takeImage(image, nameOf(index)));
  const settled = await Promise.allSettled(taking);
  const taken = settled.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = settled.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (!failed) return taken;
  closeImages(taken);
  throw failed.reason;
}

/** Frees bitmaps and frames; closing them twice, or after they were sent to a Worker, does no harm. */
export function closeImages(images: readonly TakenImage[]): void {
  for (const { image } of images) close(image);
}

/**
 * Draws the files of a batch that only a page can draw, and no Worker: SVGs. The caller closes what it gets.
 *
 * @throws UnlabelError `invalid_image`; none is then left open.
 */
export async function drawSvgs(images: readonly TakenImage[]): Promise<TakenImage[]> {
  const drawn: TakenImage[] = [];
  try {
    for (const taken of images) {
      const { image, field } = taken;
      const svg = svgOf(image);
      drawn.push({ ...taken, image: (svg && (await inTime(bitmapOfSvg(svg), field))) ?? image });
    }
    return drawn;
  } catch (error) {
    closeImages(drawn);
    throw error;
  }
}

/** A file that may be an SVG. */
function svgOf(image: ImageSource): Blob | undefined {
  if (ArrayBuffer.isView(image))
    return isSvg(image as Uint8Array) ? new Blob([image as BlobPart]) : undefined;
  return isBlob(image) ? image : undefined;
}

async function takeImage(image: ImageSource, field: string): Promise<TakenImage> {
  return { image: await inTime(take(image), field), field };
}

/** @throws UnlabelError `invalid_image`, also where the browser does not answer; what comes later is closed. */
async function inTime<Image extends ImageSource | undefined>(
  taking: Promise<Image>,
  field: string,
): Promise<Image> {
  try {
    const late = () => new Error(`the browser did not copy it within ${pageLimits.takeMs / 1000} s`);
    return await timeout(taking, pageLimits.takeMs, late);
  } catch (cause) {
    taking.then(
      (image) => image && close(image),
      () => {},
    );
    throw unreadable(cause, field);
  }
}

function close(image: ImageSource): void {
  if ('close' in image) image.close();
}

/** The parts of images that are transferred to a Worker rather than copied. */
export function transferables(images: readonly TakenImage[]): Transferable[] {
  return images.flatMap(({ image }): Transferable[] => {
    if (isBlob(image)) return [];
    if (ArrayBuffer.isView(image)) return [image.buffer as ArrayBuffer];
    if ('data' in image) return [image.data.buffer];
    return [image as ArrayBuffer | ImageBitmap | VideoFrame];
  });
}

/** Whether this is a bitmap of another origin, which may be neither read nor sent to a Worker. */
export function isTainted({ image }: TakenImage): boolean {
  if (!(image instanceof ImageBitmap)) return false;
  const context = new OffscreenCanvas(1, 1).getContext('2d');
  context?.drawImage(image, 0, 0);
  try {
    context?.getImageData(0, 0, 1, 1);
    return false;
  } catch {
    return true;
  }
}

async function take(image: ImageSource): Promise<ImageSource> {
  if (isBlob(image)) return image;
  // Not the `slice` of a buffer: that of a shared one is shared.
  if (isBytes(image)) return bytesOf(image).slice();
  const { width, height } = drawableSize(image);
  if ('data' in image) return { width, height, data: image.data.slice() } as ImageData;
  if (typeof VideoFrame === 'function' && image instanceof VideoFrame) return image.clone();
  return bitmapOf(image);
}

function bytesOf(image: ArrayBufferLike | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(image)
    ? new Uint8Array(image.buffer, image.byteOffset, image.byteLength)
    : new Uint8Array(image);
}
