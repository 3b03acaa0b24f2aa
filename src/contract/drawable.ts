import { UnlabelError } from './errors.ts';
import { brandOf, type Drawable } from './image-source.ts';

/**
 * The size of a picture in pixels, whatever size it is shown at.
 *
 * @throws TypeError for what is no picture, not loaded, closed, or has another number of pixels than its size says.
 */
export function drawableSize(image: Drawable): { width: number; height: number } {
  const source: Partial<ImageData & HTMLImageElement & HTMLVideoElement & VideoFrame> = Object(image);
  const width = source.naturalWidth ?? source.videoWidth ?? source.displayWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.displayHeight ?? source.height;
  if (typeof width !== 'number' || typeof height !== 'number')
    throw new TypeError(`expected bytes or something that a canvas can draw, got ${brandOf(image)}`);
  // A canvas draws nothing, without an error, for an element whose picture has not arrived.
  if (!width || !height || source.complete === false || (source.readyState ?? 2) < 2)
    throw new TypeError('it is not loaded, or closed');
  // A buffer that was transferred to a Worker is empty.
  if (source.data && source.data.length !== 4 * width * height)
    throw new TypeError(
      `expected 4 x ${width} x ${height} numbers as its pixels, got ${source.data.length}; was its buffer transferred?`,
    );
  return { width, height };
}

/** The error for an image that cannot be read: names the image and the reason, never its content. */
export function unreadable(cause: unknown, field: string): UnlabelError {
  const name = field === 'image' ? 'the image' : field;
  return new UnlabelError('invalid_image', `Cannot read ${name}: ${(cause as Error).message}`, {
    field,
    cause,
  });
}
