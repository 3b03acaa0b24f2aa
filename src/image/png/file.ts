import { UnlabelError } from '../../contract/errors.ts';
import { pngChunks } from './chunks.ts';
import { type PngLayout, readLayout } from './header.ts';
import { Inflater } from './inflate.ts';
import { type PngColors, pngColors } from './pixels.ts';
import { type Scanline, scanlines, unfilter } from './scanlines.ts';

/** A PNG whose chunks have been read. */
export interface PngFile {
  readonly layout: PngLayout;
  readonly colors: PngColors;
  /**
   * Begins to inflate.
   * @returns a function that gives the rows in the order of {@link scanlines}, each with its filter byte in front; a row
   * changes with the call after the next. It throws UnlabelError `invalid_image`.
   */
  openRows(): (line: Scanline) => Uint8Array;
}

/**
 * Reads the chunks of a PNG. The checksum of every chunk that the pixels need is verified; any other chunk is passed over
 * where its checksum is wrong, as viewers do.
 *
 * @throws UnlabelError `invalid_image`. RangeError when the first chunk is too short.
 */
export function readPng(bytes: Uint8Array): PngFile {
  let layout: PngLayout | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  const compressed: Uint8Array[] = [];
  for (const chunk of pngChunks(bytes)) {
    const { name, data, isCritical, isCut } = chunk;
    // Of a file that is cut at its end, the rows tell whether a pixel is missing.
    const isEnd = name === 'IDAT' || name === 'IEND';
    const isGood = isCut ? isEnd : isCritical || name === 'tRNS' ? chunk.isIntact() : true;
    if (isCritical && !isGood) throw damaged('a checksum is wrong');
    layout ??= readLayout(name, data);
    if (name === 'PLTE') palette = data;
    else if (name === 'tRNS' && isGood) transparency = data;
    else if (name === 'IDAT') compressed.push(data);
    else if (isCritical && name !== 'IHDR' && name !== 'IEND') throw damaged('a chunk is unknown');
  }
  if (!layout || (layout.colorType === 3 && !palette)) throw damaged('a chunk is missing');
  const found = layout;
  return {
    layout,
    colors: pngColors(layout, palette, transparency),
    openRows: () => openRows(found, compressed),
  };
}

function openRows(layout: PngLayout, compressed: readonly Uint8Array[]): (line: Scanline) => Uint8Array {
  let total = 0;
  for (const { bytes } of scanlines(layout)) total += bytes;
  const bytesPerPixel = Math.ceil((layout.samples * layout.bitDepth) / 8);
  let inflater: Inflater | undefined;
  let above: Uint8Array = new Uint8Array();
  let row: Uint8Array = new Uint8Array();
  return ({ bytes, first }) => {
    [above, row] = [row, above];
    if (first) above = new Uint8Array(bytes);
    if (row.length !== bytes) row = new Uint8Array(bytes);
    try {
      inflater ??= new Inflater(compressed, total);
      row.set(inflater.read(bytes));
    } catch (cause) {
      throw damaged('its compressed data is corrupt, or cut off', cause);
    }
    if (!unfilter(row, above, bytesPerPixel)) throw damaged('a filter is unknown');
    return row;
  };
}

function damaged(reason: string, cause?: unknown): UnlabelError {
  return new UnlabelError('invalid_image', `The PNG is damaged: ${reason}`, { cause });
}
