import { limits } from '../../contract/limits.ts';
import type { Region } from '../../contract/model.ts';
import { type Kernel, triangleKernel } from './kernel.ts';
import type { Steps } from './steps.ts';

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

/** RGB pixels that are asked for row by row, every row once and from the top. */
export interface RgbRows extends Size {
  /**
   * Writes row `y` to `row`, which has `width * 3` bytes.
   *
   * @param row - undefined for a row that is not needed.
   */
  readRow(y: number, row: Uint8Array | undefined): void;
}

/**
 * Antialiased bilinear resize: the same bytes as Pillow's `Image.resize(size, BILINEAR, box)`. Across first, then
 * down, with uint8 in between and fixed-point weights. Pillow 13 goes down first where the height shrinks much more
 * than the width, and then differs by at most one grey level. Memory: a row of the source, and 4 bytes for each number of
 * the result.
 *
 * @param source only the rows inside the box are needed.
 * @param size of the result, at least 1 x 1.
 * @param box the part of the window to resize, inside of it, not empty. Default: all of it.
 * @param window the part of the source, in whole pixels, outside of which nothing counts. Default: all of it.
 * @returns `size.height * size.width * 3` bytes of RGB. It may rest after every `limits.pixelsPerPiece`.
 */
export function* resize(
  source: RgbRows,
  size: Size,
  { left, top, right, bottom }: Box = { left: 0, top: 0, right: source.width, bottom: source.height },
  window: Region = { x: 0, y: 0, width: source.width, height: source.height },
): Steps<Uint8Array> {
  const isWhole = left === 0 && top === 0 && right === source.width && bottom === source.height;
  if (isWhole && size.width === source.width && size.height === source.height) return copy(source);
  const across = triangleKernel(window.width, left, right, size.width);
  const down = triangleKernel(window.height, top, bottom, size.height);
  const stride = size.width * 3;
  const row = new Uint8Array(source.width * 3);
  const part = row.subarray(window.x * 3, (window.x + window.width) * 3);
  const narrow = new Uint8Array(stride);
  const sums = new Int32Array(size.height * stride).fill(down.half);
  let first = 0;
  for (let at = 0, pixels = 0; at < source.height; at++) {
    const y = at - window.y;
    while (first < size.height && y >= (down.starts[first] as number) + (down.counts[first] as number))
      first++;
    const isNeeded = first < size.height && y >= (down.starts[first] as number);
    source.readRow(at, isNeeded ? row : undefined);
    if (isNeeded) {
      resampleRow(across, part, narrow);
      for (let i = first; i < size.height && y >= (down.starts[i] as number); i++)
        add(narrow, down.weights[i * down.taps + y - (down.starts[i] as number)] as number, sums, i * stride);
    }
    pixels += source.width;
    if (pixels < limits.pixelsPerPiece) continue;
    pixels = 0;
    yield;
  }
  return Uint8Array.from(sums, (sum) => sum >> down.shift);
}

/** What the resize comes to where nothing changes, for less. */
function copy({ width, height, readRow }: RgbRows): Uint8Array {
  const stride = width * 3;
  const result = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) readRow(y, result.subarray(y * stride, (y + 1) * stride));
  return result;
}

/** Resamples a row of RGB pixels. */
function resampleRow(
  { starts, counts, weights, taps, half, shift }: Kernel,
  from: Uint8Array,
  to: Uint8Array,
): void {
  for (let i = 0, out = 0; i < starts.length; i++, out += 3) {
    let at = (starts[i] as number) * 3;
    let [r, g, b] = [half, half, half];
    const end = i * taps + (counts[i] as number);
    for (let tap = i * taps; tap < end; tap++, at += 3) {
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

/** Adds a row, weighted, to sums from `start` on. */
function add(row: Uint8Array, weight: number, sums: Int32Array, start: number): void {
  for (let x = 0; x < row.length; x++)
    sums[start + x] = (sums[start + x] as number) + Math.imul(row[x] as number, weight);
}
