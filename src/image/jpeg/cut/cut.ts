import { UnlabelError } from '../../../contract/errors.ts';
import { limits } from '../../../contract/limits.ts';
import type { Box } from '../../fit/resize.ts';
import type { Steps } from '../../fit/steps.ts';
import { readDcScans } from '../dc.ts';
import { type Frame, withSize } from '../frame.ts';
import { findScans, readAcScan } from '../last-scan.ts';
import { BlockWindow, type Units } from './window.ts';
import { writeJpeg } from './write.ts';

/** A part of a JPEG as a file of its own, and where its first pixel was. */
export interface JpegPart {
  bytes: Uint8Array<ArrayBuffer>;
  left: number;
  top: number;
  width: number;
  height: number;
}

/**
 * Cuts a part out of a JPEG without decoding a pixel, as `jpegtran -crop` does: decoded, it has the same pixels as in the
 * whole. All scans are read, and the coefficients of the part are kept. In pieces.
 *
 * Memory: 2 bytes for every block, in a progressive file 8 more for every block of a component, and the part.
 *
 * @param bytes - a JPEG with an end marker that `readJpegHeader` has let through.
 * @param part - in whole pixels as stored. The file has a margin, as smooth colors need it.
 * @throws UnlabelError `invalid_image`, `image_too_large`. RangeError at the end of the bytes.
 */
export function* cutJpeg(bytes: Uint8Array, part: Box): Steps<JpegPart> {
  const { frame, units, windows, quantization, tables } = yield* readWindows(bytes, part);
  if (frame.isProgressive) yield* readAcScans(bytes, frame, windows);
  const [across, down] = [8 * frame.maxAcross, 8 * frame.maxDown];
  const [left, top] = [units.left * across, units.top * down];
  const width = Math.min(units.right * across, frame.width) - left;
  const height = Math.min(units.bottom * down, frame.height) - top;
  return {
    bytes: writeJpeg(withSize(frame, width, height), windows, quantization, tables),
    left,
    top,
    width,
    height,
  };
}

/** Reads the DC coefficients of a part, and all others too where the file is sequential. */
function* readWindows(bytes: Uint8Array, part: Box) {
  const { frame, planes, quantization, tables } = yield* readDcScans(bytes, (frame) => {
    const units = unitsOf(frame, part);
    return frame.components.map((component) => new BlockWindow(component, units));
  });
  const windows = planes.map((plane) => {
    const window = plane.window as BlockWindow;
    window.copyDc(plane);
    return window;
  });
  return { frame, units: unitsOf(frame, part), windows, quantization, tables };
}

/** The units that a part lies in, and one more around them. */
function unitsOf({ width, height, maxAcross, maxDown }: Frame, { left, top, right, bottom }: Box): Units {
  const [across, down] = [8 * maxAcross, 8 * maxDown];
  return {
    left: Math.max(Math.floor(left / across) - 1, 0),
    top: Math.max(Math.floor(top / down) - 1, 0),
    right: Math.min(Math.ceil(right / across) + 1, Math.ceil(width / across)),
    bottom: Math.min(Math.ceil(bottom / down) + 1, Math.ceil(height / down)),
  };
}

/** Reads the AC coefficients of a progressive file, of one component after the other. */
function* readAcScans(bytes: Uint8Array, frame: Frame, windows: readonly BlockWindow[]): Steps<void> {
  const scans = findScans(bytes, bytes.length).scans.filter(({ first }) => first > 0);
  const components = frame.components.map((component, i) => ({
    ...component,
    scans: scans.filter(({ parts }) => parts[0]?.component === i),
  }));
  const blocks = components.reduce((sum, { columns, rows, scans }) => sum + columns * rows * scans.length, 0);
  if (blocks > limits.lastScanBlocks)
    throw new UnlabelError(
      'image_too_large',
      `The JPEG has ${scans.length} scans, too many to cut a small part out of so large a picture: crop it, or scale it down`,
    );
  for (const [i, { columns, rows, scans }] of components.entries()) {
    const sent = new Uint32Array(2 * columns * rows);
    for (const scan of scans)
      yield* readAcScan(bytes, scan, sent, { columns, window: windows[i] as BlockWindow });
  }
}
