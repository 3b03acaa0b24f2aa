import { drawableSize, unreadable } from '../../contract/drawable.ts';
import { atField, UnlabelError } from '../../contract/errors.ts';
import { type Drawable, type ImageSource, isBlob } from '../../contract/image-source.ts';
import { abortable } from '../../util/abortable.ts';
import type { RequestOptions } from '../http/service.ts';
import type { Pack } from './pack.ts';

/**
 * Sends files as they are, and what a canvas can draw as a PNG of its full size. The service goes by the bytes: a
 * Blob's own type may be wrong, and is not passed on.
 */
export const filePack: Pack = {
  one: (image, field, options) =>
    readImage(image, field, options, async (image) => {
      const file = isBlob(image) ? image : await draw(image as Drawable);
      return new Blob([file], { type: 'application/octet-stream' });
    }),
  many(bodies) {
    const form = new FormData();
    for (const body of bodies) form.append('files', body);
    return form;
  },
};

/**
 * Waits for an image that was taken, and makes a body of it.
 *
 * @throws UnlabelError that names the image, whatever fails; or the reason of `signal`.
 */
export async function readImage(
  image: Promise<ImageSource>,
  field: string,
  { signal }: RequestOptions,
  toBody: (image: ImageSource) => Promise<Blob>,
): Promise<Blob> {
  try {
    return await toBody(await abortable(image, signal));
  } catch (error) {
    signal?.throwIfAborted();
    throw error instanceof UnlabelError ? atField(error, field) : unreadable(error, field);
  }
}

/** A PNG of what a canvas can draw. */
function draw(image: Drawable): Promise<Blob> {
  const { width, height } = drawableSize(image);
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  if ('data' in image) context.putImageData(image, 0, 0);
  else context.drawImage(image, 0, 0, width, height);
  return canvas.convertToBlob();
}
