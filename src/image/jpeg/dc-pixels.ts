import type { Rgba } from '../pixels.ts';
import type { DcPlane } from './dc-scan.ts';
import type { Frame } from './frame.ts';

/** How the three components become red, green and blue. */
export type Colors = 'rgb' | 'ycc';

/** A DC coefficient is eight times the mean of its block; samples are stored around 0. */
const coefficientsPerLevel = 8;
const middle = 128;

/**
 * Makes a picture of one pixel for each 8 x 8 pixels: their mean.
 *
 * @param quantization - the divisor of each plane's coefficients.
 * @returns opaque pixels; the last column and row stand for what is there of their blocks.
 */
export function dcPixels(
  frame: Frame,
  planes: readonly DcPlane[],
  quantization: readonly number[],
  colors: Colors,
): Rgba {
  const width = Math.ceil(frame.width / 8);
  const height = Math.ceil(frame.height / 8);
  const data = new Uint8ClampedArray(width * height * 4);
  const samplers = planes.map((plane, i) => {
    const { across, down } = frame.components[i] as Frame['components'][number];
    const scale = (quantization[i] as number) / coefficientsPerLevel;
    return sampler(plane, scale, width, across / frame.maxAcross, down / frame.maxDown);
  });
  const lines = planes.map(() => new Float32Array(width));
  const [a, b, c] = [lines[0], lines[1] ?? lines[0], lines[2] ?? lines[0]] as Float32Array[];
  const isGrey = planes.length === 1;
  for (let y = 0, to = 0; y < height; y++) {
    for (const [i, sample] of samplers.entries()) sample(y, lines[i] as Float32Array);
    for (let x = 0; x < width; x++, to += 4) {
      const first = (a?.[x] as number) + middle;
      const second = b?.[x] as number;
      const third = c?.[x] as number;
      if (isGrey) {
        data[to] = data[to + 1] = data[to + 2] = first;
      } else if (colors === 'rgb') {
        data[to] = first;
        data[to + 1] = second + middle;
        data[to + 2] = third + middle;
      } else {
        // JFIF 1.02, as ITU-R BT.601.
        data[to] = first + 1.402 * third;
        data[to + 1] = first - 0.344136 * second - 0.714136 * third;
        data[to + 2] = first + 1.772 * second;
      }
      data[to + 3] = 255;
    }
  }
  return { width, height, data };
}

/**
 * Gives the rows of a plane at the size of the picture: in each block its mean, along the slope between its neighbors,
 * so that the mean of the block stays.
 */
function sampler(
  { columns, rows, coefficients }: DcPlane,
  scale: number,
  width: number,
  stepX: number,
  stepY: number,
): (y: number, line: Float32Array) => void {
  if (stepX === 1 && stepY === 1)
    return (y, line) => {
      for (let x = 0; x < width; x++) line[x] = (coefficients[y * columns + x] as number) * scale;
    };
  const taps = Array.from({ length: width }, (_, x) => tapsOf(x, stepX, columns));
  const [left, center, right] = ([0, 1, 2] as const).map((i) => Int32Array.from(taps, (tap) => tap[i]));
  const slopes = Float32Array.from(taps, (tap) => tap[3]);
  const column = new Float32Array(columns);
  return (y, line) => {
    const [above, row, below, slope] = tapsOf(y, stepY, rows);
    for (let x = 0; x < columns; x++) {
      const rise =
        (coefficients[below * columns + x] as number) - (coefficients[above * columns + x] as number);
      column[x] = ((coefficients[row * columns + x] as number) + slope * rise) * scale;
    }
    for (let x = 0; x < width; x++) {
      const rise = (column[right?.[x] as number] as number) - (column[left?.[x] as number] as number);
      line[x] = (column[center?.[x] as number] as number) + (slopes[x] as number) * rise;
    }
  };
}

/** The block that a pixel lies in, between its neighbors, and the part of their difference that the pixel is off. */
function tapsOf(
  pixel: number,
  step: number,
  blocks: number,
): [before: number, at: number, after: number, slope: number] {
  const center = (pixel + 0.5) * step;
  const at = Math.min(Math.floor(center), blocks - 1);
  return [Math.max(at - 1, 0), at, Math.min(at + 1, blocks - 1), (center - at - 0.5) / 2];
}
