import { drawableSize, type ImageSource, isBytes, unreadable } from '../../contract/image-source.ts';
import type { Handed } from './host.ts';

/**
 * Takes an image as it is at this moment, in a form that a Worker can be given: files stay handles, pixels are copied
 * once, and what the page shows becomes a bitmap.
 *
 * @throws UnlabelError `invalid_image`.
 */
export async function handOver(image: ImageSource, field: string): Promise<Handed> {
  try {
    return { image: await take(image), field };
  } catch (cause) {
    throw unreadable(cause, field);
  }
}

/** What is moved rather than copied on its way to a Worker. */
export function transferables(images: readonly Handed[]): Transferable[] {
  return images.flatMap(({ image }): Transferable[] => {
    if (image instanceof Blob) return [];
    if (ArrayBuffer.isView(image)) return [image.buffer as ArrayBuffer];
    if ('data' in image) return [image.data.buffer];
    return [image as ArrayBuffer | ImageBitmap | VideoFrame];
  });
}

/** Tells a bitmap of another origin, which may be neither read nor sent to a Worker. */
export function isForeign({ image }: Handed): boolean {
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
  if (image instanceof Blob) return image;
  if (isBytes(image)) return ArrayBuffer.isView(image) ? bytesOf(image).slice() : image.slice();
  const { width, height } = drawableSize(image);
  if ('data' in image) return { width, height, data: image.data.slice() } as ImageData;
  if (typeof VideoFrame === 'function' && image instanceof VideoFrame) return image.clone();
  return createImageBitmap(image as ImageBitmapSource);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
