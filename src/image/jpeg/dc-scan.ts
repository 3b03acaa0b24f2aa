import { limits } from '../../contract/limits.ts';
import type { Steps } from '../fit/steps.ts';
import type { Codes } from './codes.ts';
import type { BlockWindow } from './cut/window.ts';
import { EntropyReader } from './entropy.ts';
import type { Frame, Scan } from './frame.ts';
import { damaged } from './segments.ts';
import type { Tables } from './tables.ts';

/** The DC coefficients of a component, as stored: one for each block, rows from the top. */
export interface DcPlane {
  readonly columns: number;
  readonly rows: number;
  readonly coefficients: Int16Array;
  /** Bits that are still missing at the lower end; undefined before the first scan. */
  missingBits: number | undefined;
  /** Blocks of which the other coefficients of a sequential file are kept, too. */
  readonly window?: BlockWindow | undefined;
}

export function createPlanes({ components }: Frame, windows: readonly BlockWindow[] = []): DcPlane[] {
  return components.map(({ columns, rows }, i) => ({
    columns,
    rows,
    coefficients: new Int16Array(columns * rows),
    missingBits: undefined,
    window: windows[i],
  }));
}

/** A component of a scan: where its blocks go, and how they are read. */
interface Part {
  plane: DcPlane;
  across: number;
  down: number;
  dc: Codes | undefined;
  ac: Codes | undefined;
  skips: Uint16Array | undefined;
  previous: number;
}

/**
 * Reads the DC coefficients of a scan into their planes, keeps the others of the blocks in a plane's window, and skips the
 * rest (ITU T.81, annex F and G). It may rest after every `limits.jpegPixelsPerPiece`.
 *
 * @param bytes - the file.
 * @param at - where the entropy-coded data begins.
 * @returns where it ends.
 * @throws UnlabelError `invalid_image` where it is damaged. RangeError where blocks are missing.
 */
export function* readDcScan(
  bytes: Uint8Array,
  at: number,
  frame: Frame,
  scan: Scan,
  tables: Tables,
  planes: readonly DcPlane[],
): Steps<number> {
  const parts = partsOf(frame, scan, tables, planes);
  const reader = new EntropyReader(bytes, at);
  const { restartInterval } = tables;
  const [first] = parts as [Part];
  // The blocks of a single component come in rows, without those that fill up the last units.
  const columns = parts.length === 1 ? first.plane.columns : Math.ceil(frame.width / (8 * frame.maxAcross));
  const rows = parts.length === 1 ? first.plane.rows : Math.ceil(frame.height / (8 * frame.maxDown));
  const pixelsOfRow = frame.width * 8 * frame.maxDown;
  for (let y = 0, pixels = 0; y < rows; y++) {
    readUnits(reader, parts, columns, y, scan, restartInterval);
    // Once a row: zeros that are read after the end cost little.
    reader.check();
    pixels += pixelsOfRow;
    if (pixels < limits.jpegPixelsPerPiece) continue;
    pixels = 0;
    yield;
  }
  return reader.end;
}

function readUnits(
  reader: EntropyReader,
  parts: Part[],
  columns: number,
  y: number,
  scan: Scan,
  restartInterval: number,
): void {
  for (let x = 0, unit = y * columns; x < columns; x++, unit++) {
    if (restartInterval > 0 && unit > 0 && unit % restartInterval === 0) {
      reader.restart(unit / restartInterval - 1);
      for (const part of parts) part.previous = 0;
    }
    for (let i = 0; i < parts.length; i++) readUnit(reader, parts[i] as Part, x, y, scan);
  }
}

function readUnit(reader: EntropyReader, part: Part, x: number, y: number, { high, low }: Scan): void {
  const { plane, across, down, dc, ac, skips } = part;
  for (let v = 0; v < down; v++) {
    const row = y * down + v;
    for (let h = 0; h < across; h++) {
      const column = x * across + h;
      const at = column < plane.columns && row < plane.rows ? row * plane.columns + column : -1;
      if (high > 0) {
        const bit = reader.bits(1) << low;
        if (at >= 0) plane.coefficients[at] = (plane.coefficients[at] as number) | bit;
        continue;
      }
      part.previous += reader.difference(dc as Codes);
      if (at >= 0) plane.coefficients[at] = part.previous << low;
      if (!skips) continue;
      const kept = plane.window ? plane.window.offset(column, row) : -1;
      if (kept < 0) reader.skipBlock(ac as Codes, skips);
      else reader.readBlock(ac as Codes, (plane.window as BlockWindow).coefficients, kept);
    }
  }
}

function partsOf(frame: Frame, scan: Scan, tables: Tables, planes: readonly DcPlane[]): Part[] {
  return scan.parts.map(({ component, dcTable, acTable }) => {
    const plane = planes[component] as DcPlane;
    const expected = scan.high > 0 ? scan.high : undefined;
    if (plane.missingBits !== expected || (scan.high > 0 && scan.low !== scan.high - 1) || scan.low > 13)
      throw damaged('a scan is out of order');
    plane.missingBits = scan.low;
    const { across, down } = frame.components[component] as Frame['components'][number];
    const isAlone = scan.parts.length === 1;
    const dc = tables.dcCodes[dcTable];
    const ac = frame.isProgressive ? undefined : tables.acCodes[acTable];
    if ((scan.high === 0 && !dc) || (!frame.isProgressive && !ac))
      throw damaged('a Huffman table is missing');
    return {
      plane,
      across: isAlone ? 1 : across,
      down: isAlone ? 1 : down,
      dc,
      ac,
      skips: ac?.skips(),
      previous: 0,
    };
  });
}
