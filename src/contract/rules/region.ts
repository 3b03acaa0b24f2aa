import { UnlabelError } from '../errors.ts';
import { isPlain } from '../image-source.ts';
import { limits } from '../limits.ts';
import type { Region } from '../model.ts';
import type { ImagePart } from '../vectors.ts';

export const regionRule = `region must be x, y, width and height in whole pixels, x and y at least 0, width and height at least 1, all at most ${limits.imageSide}`;

/**
 * Checks a region as a caller gives it, and copies it.
 *
 * @param field - its name in errors.
 * @throws UnlabelError `invalid_parameter`.
 */
export function readRegion(region: unknown, field = 'region'): Region | undefined {
  if (region === undefined) return undefined;
  const { x, y, width, height } = Object(region) as Record<keyof Region, unknown>;
  const isPixels = (value: unknown, least: number): value is number =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= limits.imageSide;
  if (isPixels(x, 0) && isPixels(y, 0) && isPixels(width, 1) && isPixels(height, 1))
    return { x, y, width, height };
  throw new UnlabelError('invalid_parameter', regionRule, { field });
}

/** A region as the query of a request has it: `x,y,width,height`. */
export function textOfRegion({ x, y, width, height }: Region): string {
  return [x, y, width, height].join();
}

/**
 * What there is an embedding of, and its own region where it is a part of an image.
 *
 * @param field - its name in errors.
 * @throws UnlabelError `invalid_parameter`.
 */
export function partOf<Source>(
  given: Source | ImagePart<Source>,
  field: string,
): { source: Source; region: Region | undefined } {
  const isPart = (value: unknown): value is ImagePart<Source> => isPlain(value) && 'image' in value;
  if (!isPart(given)) return { source: given, region: undefined };
  return { source: given.image, region: readRegion(given.region, `${field}.region`) };
}

/**
 * Holds a region against the picture that it is a part of.
 *
 * @param picture - its size, upright.
 * @throws UnlabelError `invalid_parameter`.
 */
export function checkInside(given: Region | undefined, picture: { width: number; height: number }): void {
  const region = readRegion(given);
  if (!region) return;
  const { x, y, width, height } = region;
  if (x + width <= picture.width && y + height <= picture.height) return;
  throw new UnlabelError(
    'invalid_parameter',
    `region must lie within the ${picture.width} x ${picture.height} pixels of the upright image, got ${width} x ${height} at ${x}, ${y}`,
    { field: 'region' },
  );
}
