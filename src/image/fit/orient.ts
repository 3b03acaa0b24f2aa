import type { Orientation } from '../exif.ts';

/** Where the pixels of an upright picture lie among the stored ones: pixel (x, y) is at `start + x * right + y * down`. */
export interface Layout {
  /** Size of the upright picture in pixels. */
  readonly width: number;
  readonly height: number;
  readonly start: number;
  readonly right: number;
  readonly down: number;
}

/**
 * Turns a picture upright without moving a pixel, as Pillow's `ImageOps.exif_transpose` does by copying.
 *
 * @param width stored pixels a row.
 * @param height stored rows.
 */
export function orient(width: number, height: number, orientation: Orientation): Layout {
  const [right, bottom] = [width - 1, (height - 1) * width];
  switch (orientation) {
    case 1:
      return { width, height, start: 0, right: 1, down: width };
    case 2:
      return { width, height, start: right, right: -1, down: width };
    case 3:
      return { width, height, start: bottom + right, right: -1, down: -width };
    case 4:
      return { width, height, start: bottom, right: 1, down: -width };
    case 5:
      return { width: height, height: width, start: 0, right: width, down: 1 };
    case 6:
      return { width: height, height: width, start: bottom, right: -width, down: 1 };
    case 7:
      return { width: height, height: width, start: bottom + right, right: -width, down: -1 };
    case 8:
      return { width: height, height: width, start: right, right: width, down: -1 };
  }
}
