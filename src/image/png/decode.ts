import type { Rgba } from '../pixels.ts';
import { readPng } from './file.ts';
import { writeRow } from './pixels.ts';
import { scanlines } from './scanlines.ts';

/**
 * Decodes a PNG of any color type, bit depth and interlacing. Inflates only the pixels, and no more of them than the
 * header declares: a bomb costs no more than the picture it claims to be.
 *
 * 16-bit samples keep their high byte. Gamma, ICC profile and background color are ignored.
 *
 * @param bytes a PNG within the limits.
 * @throws UnlabelError `invalid_image` when the data is damaged, or a pixel is missing.
 */
export async function decodePng(bytes: Uint8Array): Promise<Rgba> {
  const { layout, colors, openRows } = readPng(bytes);
  const { width, height } = layout;
  const nextRow = openRows();
  const data = new Uint8ClampedArray(width * height * 4);
  for (const line of scanlines(layout)) writeRow(nextRow(line), layout, colors, data, line);
  return { width, height, data };
}
