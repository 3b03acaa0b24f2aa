import { drawableSize, type ImageSource, isBytes, unreadable } from '../../contract/image-source.ts';
import { bitmapOf, bitmapOfSvg, isSvg } from '../../image/bitmap-web.ts';
import type { TakenImage } from './host.ts';

/**
 * Takes an image as it is at this moment, in a form that can be sent to a Worker: a Blob stays a handle, pixels are
 * copied once, an element becomes a bitmap.
 *
 * @throws UnlabelError `invalid_image`.
 */
export async function takeImage(image: ImageSource, field: string): Promise<TakenImage> {
  try {
    return { image: await take(image), field };
  } catch (cause) {
    throw unreadable(cause, field);
  }
}

/** The parts of images that are transferred to a Worker rather than copied. */
export function transferables(images: readonly TakenImage[]): Transferable[] {
  return images.flatMap(({ image }): Transferable[] => {
    if (image instanceof Blob) return [];
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
  if (image instanceof Blob) return (await bitmapOfSvg(image)) ?? image;
  if (isBytes(image)) {
    const copy = ArrayBuffer.isView(image) ? bytesOf(image).slice() : new Uint8Array(image.slice(0));
    return (isSvg(copy) && (await bitmapOfSvg(new Blob([copy as BlobPart])))) || copy;
  }
  const { width, height } = drawableSize(image);
  if ('data' in image) return { width, height, data: image.data.slice() } as ImageData;
  if (typeof VideoFrame === 'function' && image instanceof VideoFrame) return image.clone();
  return bitmapOf(image);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
