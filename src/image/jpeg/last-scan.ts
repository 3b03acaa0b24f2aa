import { limits } from '../../contract/limits.ts';
import type { Steps } from '../fit/steps.ts';
import type { Codes } from './codes.ts';
import type { BlockWindow } from './cut/window.ts';
import { EntropyReader } from './entropy.ts';
import { type Frame, readFrame, readScan, type Scan } from './frame.ts';
import { damaged, endOfScan, isFrame, marker, nextSegment } from './segments.ts';
import { Tables } from './tables.ts';

/** Blocks whose coefficients are kept, and blocks of a row of their component. */
interface Kept {
  window: BlockWindow;
  columns: number;
}

/** A scan with what is needed to read it. */
interface FoundScan extends Scan {
  /** Where its entropy-coded data begins. */
  at: number;
  acCodes: Codes | undefined;
  restartInterval: number;
}

/**
 * Finds a block that is missing in the last scan of a progressive JPEG, where no end marker says that it is whole. A
 * refinement has bits for what the scans before it have sent, so those are read too. Where the last scan has DC
 * coefficients, {@link decodeDc} finds it. In pieces.
 *
 * Memory: 8 bytes for every block of a component.
 *
 * @param end - where the last scan ends, as {@link readJpegHeader} gives it.
 * @throws UnlabelError `invalid_image` when the data is damaged. RangeError when a block is missing.
 */
export function* checkLastScan(bytes: Uint8Array, end: number): Steps<void> {
  const { frame, scans } = findScans(bytes, end);
  const last = scans.at(-1);
  if (!frame?.isProgressive || !last || last.first === 0) return;
  // Those of AC coefficients are of one component.
  const component = last.parts[0]?.component as number;
  const { columns, rows } = frame.components[component] as Frame['components'][number];
  const needed = scans.filter(
    ({ parts, first, last: to }) =>
      parts[0]?.component === component && first > 0 && first <= last.last && to >= last.first,
  );
  if (needed.length * columns * rows > limits.lastScanBlocks)
    throw damaged('it has no end marker, and too many scans to tell its end by');
  const sent = new Uint32Array(2 * columns * rows);
  for (const scan of needed) yield* readAcScan(bytes, scan, sent);
}

/** All scans up to `end`. */
export function findScans(bytes: Uint8Array, end: number): { frame: Frame | undefined; scans: FoundScan[] } {
  const tables = new Tables();
  const scans: FoundScan[] = [];
  let frame: Frame | undefined;
  for (let at = 2; at < end; ) {
    const segment = nextSegment(bytes, at);
    at = segment.end;
    if (segment.marker === marker.endOfImage) break;
    if (isFrame(segment.marker)) frame = readFrame(segment.marker, segment.data);
    else if (frame && segment.marker === marker.scan) {
      const scan = readScan(frame, segment.data);
      const acCodes = tables.acCodes[scan.parts[0]?.acTable as number];
      scans.push({ ...scan, at, acCodes, restartInterval: tables.restartInterval });
      at = endOfScan(bytes, at) ?? bytes.length;
    } else tables.read(segment);
  }
  return { frame, scans };
}

/**
 * Reads a scan of AC coefficients (ITU T.81, G.1.2.2 and G.1.2.3).
 *
 * @param sent - for every block 64 bits, of the coefficients that are not zero.
 * @param kept - where coefficients are written. Default: nowhere.
 */
export function* readAcScan(bytes: Uint8Array, scan: FoundScan, sent: Uint32Array, kept?: Kept): Steps<void> {
  if (!scan.acCodes) throw damaged('a Huffman table is missing');
  const reader = new EntropyReader(bytes, scan.at);
  const blocks = sent.length / 2;
  let ended = 0;
  for (let from = 0; from < blocks; from += limits.jpegBlocksPerPiece) {
    const to = Math.min(from + limits.jpegBlocksPerPiece, blocks);
    ended = readBlocks(reader, scan, scan.acCodes, sent, from, to, ended, kept);
    // Not for every block: zeros that are read after the end cost little.
    reader.check();
    yield;
  }
}

/**
 * @param ended - blocks from `from` on without another new coefficient.
 * @returns the same for `to`.
 */
function readBlocks(
  reader: EntropyReader,
  { first, last, high, low, restartInterval }: FoundScan,
  codes: Codes,
  sent: Uint32Array,
  from: number,
  to: number,
  ended: number,
  kept: Kept | undefined,
): number {
  let left = ended;
  const coefficients = kept?.window.coefficients ?? new Int16Array();
  /** Where the block's coefficients are kept; below 0 nowhere. */
  let at = -1;
  const correct = (k: number) => {
    if (reader.bits(1) === 0 || at < 0) return;
    const value = coefficients[at + k] as number;
    coefficients[at + k] = value + (value < 0 ? -1 : 1) * (1 << low);
  };
  for (let block = from; block < to; block++) {
    if (restartInterval > 0 && block > 0 && block % restartInterval === 0) {
      reader.restart(block / restartInterval - 1);
      left = 0;
    }
    if (kept) at = kept.window.offset(block % kept.columns, Math.floor(block / kept.columns));
    let k = first;
    while (left === 0 && k <= last) {
      const symbol = reader.symbol(codes);
      const size = symbol & 15;
      let zeros = symbol >> 4;
      if (size === 0 && zeros < 15) left = (1 << zeros) + reader.bits(zeros);
      else {
        const value = size > 0 ? reader.value(size) * (1 << low) : 0;
        // Coefficients that were sent before have a bit each, and do not count.
        for (; k <= last; k++) {
          if (isSent(sent, block, k)) correct(k);
          else if (zeros-- === 0) break;
        }
        if (size > 0 && k > last) throw damaged('a block has too many coefficients');
        if (size > 0 && at >= 0) coefficients[at + k] = value;
        if (size > 0) sent[2 * block + (k >> 5)] = (sent[2 * block + (k >> 5)] as number) | (1 << (k & 31));
        k++;
      }
    }
    if (left === 0) continue;
    left--;
    for (; high > 0 && k <= last; k++) if (isSent(sent, block, k)) correct(k);
  }
  return left;
}

function isSent(sent: Uint32Array, block: number, k: number): boolean {
  return ((sent[2 * block + (k >> 5)] as number) & (1 << (k & 31))) !== 0;
}
