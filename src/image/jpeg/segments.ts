import { UnlabelError } from '../../contract/errors.ts';
import { viewOf } from '../../util/view.ts';

/** A marker segment of a JPEG (ITU T.81, annex B). */
export interface Segment {
  readonly marker: number;
  /** What follows the length; empty for markers that have none. */
  readonly data: Uint8Array;
  /** Where the bytes after it begin: for a scan, its entropy-coded data. */
  readonly end: number;
}

export const marker = {
  baseline: 0xc0,
  extended: 0xc1,
  progressive: 0xc2,
  huffman: 0xc4,
  startOfImage: 0xd8,
  endOfImage: 0xd9,
  scan: 0xda,
  quantization: 0xdb,
  lines: 0xdc,
  restartInterval: 0xdd,
  app0: 0xe0,
  app1: 0xe1,
  app14: 0xee,
  app15: 0xef,
  comment: 0xfe,
} as const;

/**
 * Reads the segment at or after a position. Bytes that are no marker are skipped, as libjpeg does: some cameras write
 * them between segments, or a wrong length.
 *
 * @throws UnlabelError `invalid_image` for a marker that no viewer knows. RangeError at the end of the bytes.
 */
export function nextSegment(bytes: Uint8Array, start: number): Segment {
  let at = start - 1;
  let code = 0;
  do {
    at = bytes.indexOf(0xff, at + 1);
    if (at < 0) throw new RangeError('marker');
    while (bytes[at] === 0xff) at++;
    if (at === bytes.length) throw new RangeError('marker');
    code = bytes[at] as number;
  } while (code === 0);
  at++;
  if (code === marker.endOfImage || isRestart(code) || code === 0x01)
    return { marker: code, data: bytes.subarray(at, at), end: at };
  if (!isKnown(code)) throw damaged('a marker is unknown');
  const end = at + viewOf(bytes).getUint16(at);
  if (end < at + 2) throw damaged('the length of a segment is impossible');
  if (end > bytes.length) throw new RangeError('segment');
  return { marker: code, data: bytes.subarray(at + 2, end), end };
}

/**
 * Position of the first marker after entropy-coded data, in which 0xff is followed by 0 or is a restart marker; undefined
 * where there is none.
 */
export function endOfScan(bytes: Uint8Array, start: number): number | undefined {
  for (let at = start; ; at += 2) {
    at = bytes.indexOf(0xff, at);
    const code = bytes[at + 1];
    if (at < 0 || code === undefined) return undefined;
    if (code !== 0 && !isRestart(code)) return at;
  }
}

export function isRestart(code: number): boolean {
  return code >= 0xd0 && code <= 0xd7;
}

/** SOF0 to SOF15; DHT, JPG and DAC lie in the same range. */
export function isFrame(code: number): boolean {
  return code >= 0xc0 && code <= 0xcf && code !== 0xc4 && code !== 0xc8 && code !== 0xcc;
}

/** The markers that libjpeg reads or skips; a second start of an image is not among them. */
function isKnown(code: number): boolean {
  return (
    (code >= 0xc0 && code <= marker.restartInterval && code !== 0xc8 && code !== marker.startOfImage) ||
    (code >= marker.app0 && code <= marker.app15) ||
    code === marker.comment
  );
}

export function damaged(reason: string): UnlabelError {
  return new UnlabelError('invalid_image', `The JPEG is damaged: ${reason}`);
}
