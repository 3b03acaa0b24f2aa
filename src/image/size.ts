import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';

/**
 * Holds a declared size against `limits.imageSide` and a number of pixels.
 *
 * @param maxPixels Default: `limits.imagePixels`.
 * @throws UnlabelError `invalid_image` for a side of 0 pixels, `image_too_large` above a limit.
 */
export function checkSize(width: number, height: number, maxPixels: number = limits.imagePixels): void {
  if (width === 0 || height === 0)
    throw new UnlabelError('invalid_image', 'The image has a side of 0 pixels');
  if (Math.max(width, height) > limits.imageSide) {
    throw new UnlabelError(
      'image_too_large',
      `A side of the image is longer than ${limits.imageSide} pixels`,
    );
  }
  if (width * height > maxPixels) {
    throw new UnlabelError('image_too_large', `The image has more than ${maxPixels} pixels`);
  }
}
