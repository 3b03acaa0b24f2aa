import { type Kernel, triangleKernel } from './kernel.ts';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A rectangle in pixels and parts of them, from the top left corner; held in 32-bit floats, as Pillow does. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** RGB pixels that are asked for row by row, each row at most once and from the top. */
export interface RgbRows extends Size {
  /** Writes row `y` to `row`, which has `width * 3` bytes. */
  readRow(y: number, row: Uint8Array): void;
}

/**
 * Antialiased bilinear resize: the same bytes as Pillow's `Image.resize(size, BILINEAR, box)`. Across first, then
 * down, with uint8 in between and fixed-point weights. Pillow 13 goes down first where the height shrinks much more
 * than the width, and then differs by at most one grey level.
 *
 * @param source only the rows inside the box are read.
 * @param size of the result, at least 1 x 1.
 * @param box the part to resize, inside the source, not empty. Default: all of it.
 * @returns `size.height * size.width * 3` bytes of RGB.
 */
export function resize(
  source: RgbRows,
  size: Size,
  { left, top, right, bottom }: Box = { left: 0, top: 0, right: source.width, bottom: source.height },
): Uint8Array {
  const isWhole = left === 0 && top === 0 && right === source.width && bottom === source.height;
  if (isWhole && size.width === source.width && size.height === source.height) return copy(source);
  const across = triangleKernel(source.width, left, right, size.width);
  const down = triangleKernel(source.height, top, bottom, size.height);
  const firstRow = down.starts[0] as number;
  const last = size.height - 1;
  const rows = (down.starts[last] as number) + (down.counts[last] as number) - firstRow;

  const stride = size.width * 3;
  const narrow = new Uint8Array(rows * stride);
  const row = new Uint8Array(source.width * 3);
  for (let y = 0; y < rows; y++) {
    source.readRow(firstRow + y, row);
    resample(across, row, 0, 3, narrow, y * stride, 3);
  }
  const result = new Uint8Array(size.height * stride);
  for (let i = 0; i < stride; i += 3)
    resample(down, narrow, i - firstRow * stride, stride, result, i, stride);
  return result;
}

/** What the resize comes to where nothing changes, for less. */
function copy({ width, height, readRow }: RgbRows): Uint8Array {
  const stride = width * 3;
  const result = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) readRow(y, result.subarray(y * stride, (y + 1) * stride));
  return result;
}

/** Resamples one line of RGB pixels; `fromStep` and `toStep` are the bytes between its neighbours. */
function resample(
  { starts, counts, weights, taps, half, shift }: Kernel,
  from: Uint8Array,
  fromStart: number,
  fromStep: number,
  to: Uint8Array,
  toStart: number,
  toStep: number,
): void {
  for (let i = 0, out = toStart; i < starts.length; i++, out += toStep) {
    let at = fromStart + (starts[i] as number) * fromStep;
    let [r, g, b] = [half, half, half];
    const end = i * taps + (counts[i] as number);
    for (let tap = i * taps; tap < end; tap++, at += fromStep) {
      const weight = weights[tap] as number;
      r += Math.imul(from[at] as number, weight);
      g += Math.imul(from[at + 1] as number, weight);
      b += Math.imul(from[at + 2] as number, weight);
    }
    // The weights are never negative and their sum exceeds 1 by less than half a grey level: nothing to clip.
    to[out] = r >> shift;
    to[out + 1] = g >> shift;
    to[out + 2] = b >> shift;
  }
}
