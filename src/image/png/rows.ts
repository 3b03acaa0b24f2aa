import { flatten } from '../fit/flatten.ts';
import type { RgbRows } from '../fit/resize.ts';
import { readPng } from './file.ts';
import { writeRow } from './pixels.ts';

/**
 * Reads a PNG row by row, on white, as {@link decodePng} would: in memory for a few rows, however many there are.
 *
 * @param bytes a PNG within the limits, not interlaced.
 * @returns its rows, stored from the top; reading one throws UnlabelError `invalid_image` when the data is damaged, or a
 * pixel is missing.
 */
export function pngRows(bytes: Uint8Array): RgbRows {
  const { layout, colors, openRows } = readPng(bytes);
  const { width, height, samples, bitDepth } = layout;
  const length = 1 + Math.ceil((width * samples * bitDepth) / 8);
  const nextRow = openRows();
  const pixels = new Uint8ClampedArray(width * 4);
  return {
    width,
    height,
    readRow(y, row) {
      const line = { bytes: length, width, start: 0, step: 1, first: y === 0 };
      const stored = nextRow(line);
      if (!row) return;
      writeRow(stored, layout, colors, pixels, line);
      flatten(pixels, 0, 1, row);
    },
  };
}
