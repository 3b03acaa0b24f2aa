import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { viewOf } from '../../util/view.ts';
import { exifOrientation, hasExifPrefix, type Orientation } from '../exif.ts';
import type { ImageHeader } from '../sniff.ts';

/**
 * Walks the segments of a JPEG (ITU T.81, annex B) up to its end marker: a cut file has none and is refused here,
 * where libjpeg would fill the rest with grey.
 *
 * @param bytes starts with a JPEG signature.
 * @throws UnlabelError `invalid_image`; `unsupported_media_type` for CMYK and YCCK, for other
 * than 8 bits a sample, and for lossless, hierarchical or arithmetic coding. RangeError at the end of the bytes.
 */
export function readJpegHeader(bytes: Uint8Array): Omit<ImageHeader, 'type'> {
  const view = viewOf(bytes);
  let size: { width: number; height: number } | undefined;
  let orientation: Orientation | undefined;
  let scans = 0;
  let at = 2;
  for (;;) {
    if (view.getUint8(at) !== 0xff) throw damaged();
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    if (marker === 0xd9) break;
    if (isRestart(marker)) continue;
    const end = at + view.getUint16(at);
    const segment = bytes.subarray(at + 2, end);
    if (end > bytes.length) throw new RangeError('segment');
    if (end < at + 2 || marker === 0 || marker === 0xd8) throw damaged();
    at = end;
    if (isFrame(marker)) {
      if (size) throw damaged();
      size = readFrame(marker, segment);
    } else if (marker === 0xe1 && hasExifPrefix(segment)) {
      orientation ??= exifOrientation(segment);
    } else if (marker === 0xda) {
      scans++;
      at = endOfScan(bytes, at);
    }
    if (scans > limits.jpegScans)
      throw new UnlabelError('invalid_image', `The JPEG has more than ${limits.jpegScans} scans`);
  }
  if (!size || scans === 0) throw damaged();
  return { ...size, orientation: orientation ?? 1 };
}

function readFrame(marker: number, segment: Uint8Array): { width: number; height: number } {
  const view = viewOf(segment);
  const precision = view.getUint8(0);
  const height = view.getUint16(1);
  const width = view.getUint16(3);
  const components = view.getUint8(5);
  if (marker > 0xc2) throw unsupported('Lossless, hierarchical and arithmetic-coded JPEG is not supported');
  if (precision !== 8) throw unsupported('JPEG must have 8 bits a sample');
  if (components === 4) throw unsupported('CMYK JPEG is not supported: convert it to RGB');
  if (components !== 1 && components !== 3) throw damaged();
  return { width, height };
}

/** Position of the first marker after entropy-coded data, in which 0xff is followed by 0 or is a restart marker. */
function endOfScan(bytes: Uint8Array, start: number): number {
  for (let at = start; ; at += 2) {
    at = bytes.indexOf(0xff, at);
    const marker = bytes[at + 1];
    if (at < 0 || marker === undefined) throw new RangeError('scan');
    if (marker !== 0 && !isRestart(marker)) return at;
  }
}

function isRestart(marker: number): boolean {
  return marker >= 0xd0 && marker <= 0xd7;
}

/** SOF0 to SOF15; DHT, JPG and DAC lie in the same range. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function damaged(): UnlabelError {
  return new UnlabelError('invalid_image', 'The JPEG is damaged');
}

function unsupported(detail: string): UnlabelError {
  return new UnlabelError('unsupported_media_type', detail);
}
