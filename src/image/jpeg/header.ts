import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import { exifOrientation, hasExifPrefix, type Orientation } from '../exif.ts';
import type { ImageHeader } from '../sniff.ts';
import { type Frame, readFrame, readScan, type Scan } from './frame.ts';
import { damaged, endOfScan, isFrame, marker, nextSegment } from './segments.ts';

/**
 * Walks the segments of a JPEG (ITU T.81, annex B) up to its end marker. Where that is missing, or a maker's trailer
 * stands in its place, the scans must have been complete; whether every block of the last one is there, its decoder
 * tells, or {@link checkLastScan}.
 *
 * @param bytes starts with a JPEG signature.
 * @throws UnlabelError `invalid_image`; `unsupported_media_type` for CMYK and YCCK, for other
 * than 8 bits a sample, and for lossless, hierarchical or arithmetic coding. RangeError at the end of the bytes.
 */
export function readJpegHeader(bytes: Uint8Array): Omit<ImageHeader, 'type'> {
  let frame: Frame | undefined;
  let sent: Uint8Array[] = [];
  let orientation: Orientation | undefined;
  let scans = 0;
  let completeEnd: number | undefined;
  let end: number | undefined;
  try {
    for (let at = 2; scans <= limits.jpegScans; ) {
      const { marker: code, data, end: next } = nextSegment(bytes, at);
      at = next;
      if (code === marker.endOfImage) break;
      if (isFrame(code)) {
        if (frame) throw damaged('it has two frames');
        frame = readFrame(code, data);
        sent = frame.components.map(() => new Uint8Array(64).fill(unsent));
      } else if (code === marker.app1 && hasExifPrefix(data)) {
        orientation ??= exifOrientation(data);
      } else if (code === marker.scan) {
        if (!frame) throw damaged('a scan comes before its frame');
        scans++;
        send(readScan(frame, data), sent);
        const isComplete = sent.every((bits) => bits.every((missing) => missing === 0));
        const scanEnd = endOfScan(bytes, at);
        if (isComplete) completeEnd ??= scanEnd ?? bytes.length;
        if (scanEnd === undefined) throw new RangeError('scan');
        at = scanEnd;
      }
    }
  } catch (error) {
    if (completeEnd === undefined) throw error;
    end = completeEnd;
  }
  if (scans > limits.jpegScans)
    throw new UnlabelError('invalid_image', `The JPEG has more than ${limits.jpegScans} scans`);
  if (!frame || scans === 0) throw damaged('it has no picture');
  const { width, height } = frame;
  return { width, height, orientation: orientation ?? 1, end, subsampling: subsamplingOf(frame) };
}

function subsamplingOf({ components, maxAcross, maxDown }: Frame): number {
  return Math.max(...components.map(({ across, down }) => Math.max(maxAcross / across, maxDown / down)));
}

/** More bits than any coefficient has. */
const unsent = 255;

/** Notes how many of their lower bits the coefficients of each component miss after a scan. */
function send({ parts, first, last, low }: Scan, sent: Uint8Array[]): void {
  for (const { component } of parts) sent[component]?.fill(low, first, last + 1);
}

/** A copy of a JPEG that ends after its last scan, for decoders that stumble over what comes there. */
export function withEndMarker(bytes: Uint8Array, end: number): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(end + 2);
  copy.set(bytes.subarray(0, end));
  copy.set([0xff, marker.endOfImage], end);
  return copy;
}

/** Spoils the EXIF of a JPEG in place, so that no decoder finds anything to turn it by. */
export function hideExif(bytes: Uint8Array): void {
  for (let at = 2; ; ) {
    const { marker: code, data, end } = nextSegment(bytes, at);
    at = end;
    if (code === marker.scan || code === marker.endOfImage) return;
    if (code === marker.app1 && hasExifPrefix(data)) data.fill(0);
  }
}
