import { UnlabelError } from '../../contract/errors.ts';
import type { Rgba } from '../pixels.ts';
import { pngChunks } from './chunks.ts';
import { type PngLayout, readLayout } from './header.ts';
import { inflate } from './inflate.ts';
import { type PngColors, pngColors, writeRow } from './pixels.ts';
import { scanlines, unfilter } from './scanlines.ts';

/**
 * Decodes a PNG of any colour type, bit depth and interlacing. Inflates only the pixels, and no more of them than the
 * header declares: a bomb costs no more than the picture it claims to be. Every checksum of a chunk is verified.
 *
 * 16-bit samples keep their high byte. Gamma, ICC profile and background colour are ignored.
 *
 * @param bytes a PNG within the limits.
 * @throws UnlabelError `invalid_image` when the data is damaged, cut off or longer than the picture.
 */
export async function decodePng(bytes: Uint8Array): Promise<Rgba> {
  const { layout, colors, compressed } = readChunks(bytes);
  const { width, height } = layout;
  const lines = [...scanlines(layout)];
  const rows = inflateRows(
    compressed,
    lines.reduce((sum, line) => sum + line.bytes, 0),
  );
  const data = new Uint8ClampedArray(width * height * 4);
  const bytesPerPixel = Math.ceil((layout.samples * layout.bitDepth) / 8);
  let at = 0;
  let above: Uint8Array = new Uint8Array();
  for (const line of lines) {
    const row = rows.subarray(at, at + line.bytes);
    at += line.bytes;
    if (line.first) above = new Uint8Array(line.bytes);
    if (!unfilter(row, above, bytesPerPixel)) throw damaged('a filter is unknown');
    writeRow(row, layout, colors, data, line);
    above = row;
  }
  return { width, height, data };
}

function readChunks(bytes: Uint8Array): { layout: PngLayout; colors: PngColors; compressed: Uint8Array[] } {
  let layout: PngLayout | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const compressed: Uint8Array[] = [];
  for (const { name, data } of pngChunks(bytes, { checksums: true })) {
    layout ??= readLayout(name, data);
    if (name === 'PLTE') palette = data;
    else if (name === 'tRNS') transparency = data;
    else if (name === 'IDAT') compressed.push(data);
    // An upper-case first letter marks a chunk without which the picture would be another one.
    else if (/^[A-Z]/.test(name) && name !== 'IHDR' && name !== 'IEND') throw damaged('a chunk is unknown');
  }
  if (!layout || (layout.colorType === 3 && !palette)) throw damaged('a chunk is missing');
  return { layout, colors: pngColors(layout, palette, transparency), compressed };
}

function inflateRows(parts: Uint8Array[], length: number): Uint8Array {
  const compressed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    compressed.set(part, at);
    at += part.length;
  }
  try {
    return inflate(compressed, length);
  } catch (cause) {
    throw damaged('the compressed data is corrupt or has another length', cause);
  }
}

function damaged(reason: string, cause?: unknown): UnlabelError {
  return new UnlabelError('invalid_image', `The PNG is damaged: ${reason}`, { cause });
}
