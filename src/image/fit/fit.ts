import type { Region } from '../../contract/model.ts';
import type { Orientation } from '../exif.ts';
import type { Rgba } from '../pixels.ts';
import { flatten } from './flatten.ts';
import { orient } from './orient.ts';
import { type Box, type RgbRows, resize, type Size } from './resize.ts';
import { finish, type Steps } from './steps.ts';

/** What an image is fitted to: the input of a model, and the part of the image that counts, in pixels of what is read. */
export interface Target extends Size {
  readonly region?: Region | undefined;
}

/**
 * Fits decoded pixels to a model's input: turns them upright, lays them on white, crops the center to the input's
 * aspect ratio and resizes. As Pillow's `exif_transpose`, `paste` on white and `ImageOps.fit(image, size, BILINEAR)`.
 *
 * @param pixels at least 1 x 1; not changed.
 * @param input the model's input size in pixels.
 * @param orientation how the pixels are stored. Default: upright.
 * @param size how many of the stored pixels the picture takes up, from the left and the top: the last ones may be there
 * in part only. Default: all.
 * @returns `input.height * input.width * 3` bytes of RGB, rows from the top.
 */
export function fitPixels(
  pixels: Rgba,
  input: Target,
  orientation: Orientation = 1,
  size: Size = pixels,
): Uint8Array {
  const { width, height, start, right, down } = orient(pixels.width, pixels.height, orientation);
  const readRow = (y: number, row: Uint8Array | undefined) => {
    if (row) flatten(pixels.data, start + y * down, right, row);
  };
  const upright = orient(size.width, size.height, orientation);
  // What is not there of the last pixels is on the other side of a turned picture.
  const left = right < 0 ? width - upright.width : 0;
  const top = down < 0 ? height - upright.height : 0;
  const picture = { left, top, right: left + upright.width, bottom: top + upright.height };
  return finish(fitRows({ width, height, readRow }, input, picture));
}

/**
 * Crops the center of opaque upright pixels to the input's aspect ratio and resizes, in pieces.
 *
 * @param picture where the picture lies. Default: all.
 */
export function fitRows(
  rows: RgbRows,
  input: Target,
  picture: Box = { left: 0, top: 0, right: rows.width, bottom: rows.height },
): Steps<Uint8Array> {
  const { region } = input;
  if (!region) return resize(rows, input, centerCrop(picture, input));
  const [left, top] = [picture.left + region.x, picture.top + region.y];
  // Of blocks of pixels it may have a part.
  const [x, y] = [Math.floor(left), Math.floor(top)];
  const box = {
    left: left - x,
    top: top - y,
    right: left - x + region.width,
    bottom: top - y + region.height,
  };
  const width = Math.min(Math.ceil(box.right), rows.width - x);
  const height = Math.min(Math.ceil(box.bottom), rows.height - y);
  return resize(rows, input, centerCrop(box, input), { x, y, width, height });
}

/** The largest centered box of the target's aspect ratio. */
export function centerCrop({ left, top, right, bottom }: Box, target: Size): Box {
  const [width, height] = [right - left, bottom - top];
  const ratio = target.width / target.height;
  const isWider = width / height >= ratio;
  const cropWidth = isWider ? Math.min(ratio * height, width) : width;
  const cropHeight = isWider ? height : Math.min(width / ratio, height);
  const fromLeft = left + (width - cropWidth) / 2;
  const fromTop = top + (height - cropHeight) / 2;
  return { left: fromLeft, top: fromTop, right: fromLeft + cropWidth, bottom: fromTop + cropHeight };
}
