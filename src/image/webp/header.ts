import { UnlabelError } from '../../contract/errors.ts';
import { viewOf } from '../../util/view.ts';
import { exifOrientation, type Orientation } from '../exif.ts';
import type { ImageHeader } from '../sniff.ts';

const animationFlag = 0x02;
const exifFlag = 0x08;

interface Size {
  width: number;
  height: number;
}

/**
 * Walks the RIFF chunks of a WebP (RFC 9649).
 *
 * @param bytes starts with a WebP signature.
 * @throws UnlabelError `invalid_image`; `unsupported_media_type` for an animation. RangeError at
 * the end of the bytes.
 */
export function readWebpHeader(bytes: Uint8Array): Omit<ImageHeader, 'type'> {
  const end = 8 + viewOf(bytes).getUint32(4, true);
  if (end > bytes.length) throw new RangeError('RIFF');
  const file = bytes.subarray(0, end);
  const view = viewOf(file);
  let flags = 0;
  let canvas: Size | undefined;
  let frame: Size | undefined;
  let orientation: Orientation = 1;
  for (let at = 12; at < end; ) {
    const name = String.fromCharCode(...file.subarray(at, at + 4));
    const length = view.getUint32(at + 4, true);
    const chunk = file.subarray(at + 8, at + 8 + length);
    if (chunk.length < length) throw new RangeError('chunk');
    if (name === 'VP8X' && at === 12) {
      flags = chunk[0] ?? 0;
      canvas = readCanvas(chunk);
    }
    if (flags & animationFlag || name === 'ANMF') {
      throw new UnlabelError('unsupported_media_type', 'An animated WebP is not supported: send one frame');
    }
    if (name === 'VP8 ') frame ??= readLossy(chunk);
    if (name === 'VP8L') frame ??= readLossless(chunk);
    if (name === 'EXIF' && flags & exifFlag) orientation = exifOrientation(chunk);
    at += 8 + length + (length % 2);
  }
  // The decoder allocates what the frame says, so a small canvas must not hide a large frame.
  if (!frame || (canvas && (canvas.width !== frame.width || canvas.height !== frame.height))) throw damaged();
  return { ...frame, orientation };
}

function readCanvas(chunk: Uint8Array): Size {
  const view = viewOf(chunk);
  const side = (at: number) => 1 + view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
  return { width: side(4), height: side(7) };
}

function readLossy(chunk: Uint8Array): Size {
  const view = viewOf(chunk);
  if (view.getUint8(0) & 1 || view.getUint16(3) !== 0x9d01 || view.getUint8(5) !== 0x2a) throw damaged();
  return { width: view.getUint16(6, true) & 0x3fff, height: view.getUint16(8, true) & 0x3fff };
}

function readLossless(chunk: Uint8Array): Size {
  const view = viewOf(chunk);
  if (view.getUint8(0) !== 0x2f) throw damaged();
  const bits = view.getUint32(1, true);
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >> 14) & 0x3fff) };
}

function damaged(): UnlabelError {
  return new UnlabelError('invalid_image', 'The WebP is damaged');
}
