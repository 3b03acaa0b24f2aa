import {
  type Drawable,
  drawableSize,
  type ImageSource,
  isBytes,
  unreadable,
} from '../contract/image-source.ts';

/**
 * The bytes of an image, as they are now, to be sent as often as need be: of a drawable one as a PNG of its full size.
 * The service goes by the bytes: a Blob's own type may be wrong, and is not passed on.
 *
 * @param field name of the image in an error.
 * @throws UnlabelError `invalid_image` if it is no image source, not loaded, or may not be read.
 */
export async function toBlob(image: ImageSource, field: string): Promise<Blob> {
  try {
    const bytes = isBytes(image) ? (image as BlobPart) : await draw(image);
    return new Blob([bytes], { type: 'application/octet-stream' });
  } catch (cause) {
    throw unreadable(cause, field);
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
