import { UnlabelError } from '../contract/errors.ts';
import { limits } from '../contract/limits.ts';
import type { Size } from './fit/resize.ts';

/**
 * Holds the sides of an image against `limits.imageSide`.
 *
 * @throws UnlabelError `invalid_image` for a side of 0 pixels, `image_too_large` above the limit.
 */
export function checkSides({ width, height }: Size): void {
  if (width === 0 || height === 0)
    throw new UnlabelError('invalid_image', 'The image has a side of 0 pixels');
  if (Math.max(width, height) > limits.imageSide) {
    throw new UnlabelError(
      'image_too_large',
      `The image has ${width} x ${height} pixels, and a side may have ${limits.imageSide}: scale it down`,
    );
  }
}

/**
 * Holds the pixels of an image against a limit.
 *
 * @param advice - what to do about it.
 * @throws UnlabelError `image_too_large`.
 */
export function checkPixels({ width, height }: Size, maxPixels: number, advice = 'scale it down'): void {
  if (width * height <= maxPixels) return;
  throw new UnlabelError(
    'image_too_large',
    `The image has ${width} x ${height} pixels, more than ${maxPixels}: ${advice}`,
  );
}
