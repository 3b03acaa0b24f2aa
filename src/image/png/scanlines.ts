import type { PngLayout } from './header.ts';

/** One row of a PNG as it comes out of the compressed stream. */
export interface Scanline {
  /** Its length with the leading filter byte. */
  readonly bytes: number;
  /** Its pixels. */
  readonly width: number;
  /** Where its first pixel belongs in the picture, in pixels, and how far apart its pixels are there. */
  readonly start: number;
  readonly step: number;
  /** The first row of a pass: the row above counts as zeros. */
  readonly first: boolean;
}

/** First column, first row, column step and row step of the seven passes of Adam7 (PNG third edition, 8.1). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** Lists the rows of a PNG in the order of its stream; passes without pixels have no rows. */
export function* scanlines(layout: PngLayout): Generator<Scanline, undefined> {
  const { width, height, bitDepth, samples, interlaced } = layout;
  for (const [left, top, step, rowStep] of interlaced ? adam7 : [[0, 0, 1, 1] as const]) {
    const pixels = Math.ceil((width - left) / step);
    if (pixels <= 0) continue;
    const bytes = 1 + Math.ceil((pixels * samples * bitDepth) / 8);
    for (let y = top; y < height; y += rowStep) {
      yield { bytes, width: pixels, start: y * width + left, step, first: y === top };
    }
  }
}

/**
 * Undoes the filter of one row in place (PNG third edition, 9.2).
 *
 * @param row its filter byte, then its data.
 * @param above the unfiltered row above, of the same length.
 * @param bytesPerPixel distance to the pixel on the left, at least 1.
 * @returns false when there is no such filter.
 */
export function unfilter(row: Uint8Array, above: Uint8Array, bytesPerPixel: number): boolean {
  const filter = row[0] as number;
  const predict = predictors[filter];
  if (!predict) return false;
  if (filter > 0) predict(row, above, bytesPerPixel);
  return true;
}

type Predictor = (row: Uint8Array, above: Uint8Array, bytesPerPixel: number) => void;

const predictors: readonly Predictor[] = [
  () => {},
  function sub(row, _above, bytesPerPixel) {
    for (let i = 1 + bytesPerPixel; i < row.length; i++) row[i] = at(row, i) + at(row, i - bytesPerPixel);
  },
  function up(row, above) {
    for (let i = 1; i < row.length; i++) row[i] = at(row, i) + at(above, i);
  },
  function average(row, above, bytesPerPixel) {
    for (let i = 1; i < row.length; i++) {
      const left = i > bytesPerPixel ? at(row, i - bytesPerPixel) : 0;
      row[i] = at(row, i) + ((left + at(above, i)) >> 1);
    }
  },
  function paeth(row, above, bytesPerPixel) {
    for (let i = 1; i < row.length; i++) {
      const left = i > bytesPerPixel ? at(row, i - bytesPerPixel) : 0;
      const corner = i > bytesPerPixel ? at(above, i - bytesPerPixel) : 0;
      const top = at(above, i);
      const [toLeft, toTop] = [Math.abs(top - corner), Math.abs(left - corner)];
      const toCorner = Math.abs(left + top - 2 * corner);
      const nearest = toLeft <= toTop && toLeft <= toCorner ? left : toTop <= toCorner ? top : corner;
      row[i] = at(row, i) + nearest;
    }
  },
];

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}
