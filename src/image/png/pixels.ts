import { viewOf } from '../../util/view.ts';
import type { PngLayout } from './header.ts';
import type { Scanline } from './scanlines.ts';

/** How samples become colours. */
export interface PngColors {
  /** RGBA of each sample value, for palettes and for grey of at most 8 bits. */
  readonly table: Uint8Array | undefined;
  /** The sample bytes of the one colour that is transparent. */
  readonly key: Uint8Array | undefined;
}

/**
 * Prepares the colours of a PNG.
 *
 * @param palette data of its PLTE chunk; an index past its end is black.
 * @param transparency data of its tRNS chunk: alpha of each palette entry, or one transparent colour as 16-bit
 * samples.
 */
export function pngColors(
  { colorType, bitDepth, samples }: PngLayout,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
): PngColors {
  const transparent =
    transparency && colorType < 3 && transparency.length >= 2 * samples ? transparency : undefined;
  if (colorType !== 3 && (colorType !== 0 || bitDepth === 16)) {
    // Of 8-bit samples tRNS still stores 16 bits.
    return {
      table: undefined,
      key: bitDepth === 16 ? transparent : transparent?.filter((_, i) => i % 2 === 1),
    };
  }
  const table = new Uint8Array(256 * 4);
  // Bits above those of a sample are not part of it.
  const keyIndex = transparent && viewOf(transparent).getUint16(0) & ((1 << bitDepth) - 1);
  for (let index = 0; index < 1 << bitDepth; index++) {
    const grey = (index * 255) / ((1 << bitDepth) - 1);
    const color = colorType === 0 ? [grey, grey, grey] : (palette?.subarray(index * 3, index * 3 + 3) ?? []);
    const alpha = colorType === 3 ? (transparency?.[index] ?? 255) : index === keyIndex ? 0 : 255;
    table.set(color, index * 4);
    table[index * 4 + 3] = alpha;
  }
  return { table, key: undefined };
}

/** Writes one unfiltered row of a PNG to its place in RGBA pixels. */
export function writeRow(
  row: Uint8Array,
  layout: PngLayout,
  { table, key }: PngColors,
  pixels: Uint8ClampedArray,
  { width, start, step }: Scanline,
): void {
  const { bitDepth, colorType, samples } = layout;
  const sampleBytes = bitDepth >> 3;
  const pixelBytes = samples * sampleBytes;
  const toNextColor = colorType & 2 ? sampleBytes : 0;
  const toAlpha = colorType & 4 ? pixelBytes - sampleBytes : 0;
  for (let x = 0, to = start * 4; x < width; x++, to += step * 4) {
    if (table) {
      const bit = x * bitDepth;
      const index = ((row[1 + (bit >> 3)] as number) >> (8 - bitDepth - (bit & 7))) & ((1 << bitDepth) - 1);
      for (let channel = 0; channel < 4; channel++)
        pixels[to + channel] = table[index * 4 + channel] as number;
      continue;
    }
    const from = 1 + x * pixelBytes;
    pixels[to] = row[from] as number;
    pixels[to + 1] = row[from + toNextColor] as number;
    pixels[to + 2] = row[from + 2 * toNextColor] as number;
    pixels[to + 3] = toAlpha ? (row[from + toAlpha] as number) : key && startsWith(row, from, key) ? 0 : 255;
  }
}

function startsWith(row: Uint8Array, from: number, key: Uint8Array): boolean {
  for (let i = 0; i < key.length; i++) if (row[from + i] !== key[i]) return false;
  return true;
}
