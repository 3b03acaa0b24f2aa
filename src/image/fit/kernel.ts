/** Bits after the point of a weight: 255 times a sum of 1 still fits 32 signed bits. */
const precision = 22;

/** The weights with which the pixels of one line make each pixel of a shorter or longer one. */
export interface Kernel {
  /** First source pixel of each result pixel. */
  readonly starts: Int32Array;
  /** Source pixels of each result pixel, at most {@link taps}. */
  readonly counts: Int32Array;
  /** {@link taps} weights for each result pixel, in fixed point: the sum is 1 << {@link shift}, give or take rounding. */
  readonly weights: Int32Array;
  readonly taps: number;
  readonly shift: number;
  /** One half in fixed point, to round with. */
  readonly half: number;
}

/**
 * A triangle filter that widens with the scale when a line shrinks, so that every source pixel counts. Arithmetic as
 * in Pillow (32-bit box, 64-bit weights, rounded to fixed point), for equal bytes.
 *
 * @param length of the source line.
 * @param from start of the part to resample, in source pixels.
 * @param to its end.
 * @param size of the result line.
 */
export function triangleKernel(length: number, from: number, to: number, size: number): Kernel {
  const start = Math.fround(from);
  const scale = Math.fround(Math.fround(to) - start) / size;
  const support = Math.max(scale, 1);
  const taps = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(size);
  const counts = new Int32Array(size);
  const weights = new Int32Array(size * taps);
  for (let i = 0; i < size; i++) {
    const center = start + (i + 0.5) * scale;
    const first = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), length) - first;
    const triangle = Float64Array.from({ length: count }, (_, tap) =>
      Math.max(0, 1 - Math.abs((tap + first - center + 0.5) * (1 / support))),
    );
    const sum = triangle.reduce((total, weight) => total + weight, 0);
    starts[i] = first;
    counts[i] = count;
    for (let tap = 0; tap < count; tap++) {
      weights[i * taps + tap] = Math.trunc(((triangle[tap] as number) / sum) * (1 << precision) + 0.5);
    }
  }
  return { starts, counts, weights, taps, shift: precision, half: 1 << (precision - 1) };
}
