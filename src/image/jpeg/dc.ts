import { finish, type Steps } from '../fit/steps.ts';
import type { Rgba } from '../pixels.ts';
import type { BlockWindow } from './cut/window.ts';
import { type Colors, dcPixels } from './dc-pixels.ts';
import { createPlanes, type DcPlane, readDcScan } from './dc-scan.ts';
import { type Frame, readFrame, readScan } from './frame.ts';
import { damaged, endOfScan, isFrame, marker, nextSegment } from './segments.ts';
import { dcDivisor, Tables } from './tables.ts';

/**
 * Decodes a JPEG to an eighth of its width and height by its DC coefficients, which are the means of its 8 x 8 blocks.
 * Of a progressive file the scans of other coefficients are passed over. Memory: for each 64 pixels at most 4 bytes
 * here, and 2 for every sample of a component.
 *
 * @param bytes a JPEG that {@link readJpegHeader} has let through.
 * @returns `ceil(width / 8) * ceil(height / 8)` opaque pixels; their rows from the top, not turned.
 * @throws UnlabelError `invalid_image` when a block is missing or the data is damaged. RangeError at the end of the bytes.
 */
export function decodeDc(bytes: Uint8Array): Rgba {
  return finish(dcSteps(bytes));
}

/** Decodes as {@link decodeDc} does, in pieces. */
export function* dcSteps(bytes: Uint8Array): Steps<Rgba> {
  const { frame, planes, quantization, tables } = yield* readDcScans(bytes);
  return dcPixels(frame, planes, quantization.map(dcDivisor), colorsOf(frame, tables));
}

/** What the scans with DC coefficients say. */
export interface DcScans {
  frame: Frame;
  planes: DcPlane[];
  /** The divisors of each component, as in {@link Tables}; that of the DC coefficients is not 0. */
  quantization: Uint8Array[];
  tables: Tables;
}

/**
 * Reads the scans with DC coefficients, in pieces.
 *
 * @param windowsOf - blocks of each component of which the other coefficients of a sequential file are kept.
 * @throws UnlabelError `invalid_image`. RangeError at the end of the bytes.
 */
export function* readDcScans(bytes: Uint8Array, windowsOf?: (frame: Frame) => BlockWindow[]): Steps<DcScans> {
  const tables = new Tables();
  const quantization: Uint8Array[] = [];
  let frame: Frame | undefined;
  let planes: DcPlane[] = [];
  for (let at = 2; !isComplete(planes); ) {
    const segment = nextSegment(bytes, at);
    at = segment.end;
    if (isFrame(segment.marker)) {
      if (frame) throw damaged('it has two frames');
      frame = readFrame(segment.marker, segment.data);
      planes = createPlanes(frame, windowsOf?.(frame));
    } else if (segment.marker === marker.scan) {
      if (!frame) throw damaged('a scan comes before its frame');
      const scan = readScan(frame, segment.data);
      for (const { component } of scan.parts) {
        const table = tables.quantization[frame.components[component]?.quantization as number];
        if (!table || dcDivisor(table) === 0) throw damaged('a quantization table is missing');
        // The one that is there at the first scan of a component is its own.
        quantization[component] ??= table;
      }
      at =
        scan.first === 0
          ? yield* readDcScan(bytes, at, frame, scan, tables, planes)
          : (endOfScan(bytes, at) ?? bytes.length);
    } else if (segment.marker === marker.endOfImage) break;
    else tables.read(segment);
  }
  if (!frame || planes.some(({ missingBits }) => missingBits === undefined))
    throw damaged('a component is missing');
  return { frame, planes, quantization, tables };
}

/** Tells whether nothing that is still to come changes a DC coefficient. */
function isComplete(planes: readonly DcPlane[]): boolean {
  return planes.length > 0 && planes.every(({ missingBits }) => missingBits === 0);
}

/** As libjpeg takes it: by JFIF, by Adobe's transform, by the names of the components. */
function colorsOf({ components }: Frame, { hasJfif, adobeTransform }: Tables): Colors {
  if (hasJfif) return 'ycc';
  if (adobeTransform !== undefined) return adobeTransform === 0 ? 'rgb' : 'ycc';
  return String.fromCharCode(...components.map(({ id }) => id)) === 'RGB' ? 'rgb' : 'ycc';
}
