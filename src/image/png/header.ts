import { UnlabelError } from '../../contract/errors.ts';
import { viewOf } from '../../util/view.ts';
import { exifOrientation, type Orientation } from '../exif.ts';
import type { ImageHeader } from '../sniff.ts';
import { pngChunks } from './chunks.ts';

/** Samples a pixel of each PNG colour type: grey, RGB, palette index, grey and alpha, RGBA. */
const samples: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Bits a sample that each PNG colour type may have. */
const bitDepths: Record<number, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** The IHDR chunk of a PNG. */
export interface PngLayout {
  readonly width: number;
  readonly height: number;
  /** Bits a sample. */
  readonly bitDepth: number;
  /** 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA. */
  readonly colorType: number;
  /** Samples a pixel. */
  readonly samples: number;
  /** Stored in the seven passes of Adam7. */
  readonly interlaced: boolean;
}

/**
 * Walks the chunks of a PNG; what is compressed in them stays so.
 *
 * @param bytes starts with a PNG signature.
 * @throws UnlabelError `invalid_image`; `unsupported_media_type` for an animation. RangeError at
 * the end of the bytes.
 */
export function readPngHeader(bytes: Uint8Array): Omit<ImageHeader, 'type'> {
  let layout: PngLayout | undefined;
  let orientation: Orientation = 1;
  for (const chunk of pngChunks(bytes)) {
    const { name, data } = chunk;
    layout ??= readLayout(name, data);
    if (name === 'eXIf' && chunk.isIntact()) orientation = exifOrientation(data);
    if (name === 'acTL' && chunk.isIntact()) {
      throw new UnlabelError('unsupported_media_type', 'An animated PNG is not supported: send one frame');
    }
  }
  if (!layout) throw new RangeError('IHDR');
  const { width, height, interlaced, samples, bitDepth } = layout;
  const rowBytes = 1 + Math.ceil((width * samples * bitDepth) / 8);
  return { width, height, orientation, rowBytes: interlaced ? undefined : rowBytes };
}

/**
 * Reads the first chunk of a PNG, which must be IHDR.
 *
 * @throws UnlabelError `invalid_image`. RangeError when the chunk is too short.
 */
export function readLayout(name: string, data: Uint8Array): PngLayout {
  if (name !== 'IHDR') throw damaged();
  const view = viewOf(data);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth, colorType] = [view.getUint8(8), view.getUint8(9)];
  const [compression, filter, interlace] = [view.getUint8(10), view.getUint8(11), view.getUint8(12)];
  const perPixel = samples[colorType];
  if (!perPixel || !bitDepths[colorType]?.includes(bitDepth) || compression || filter || interlace > 1)
    throw damaged();
  return { width, height, bitDepth, colorType, samples: perPixel, interlaced: interlace === 1 };
}

function damaged(): UnlabelError {
  return new UnlabelError('invalid_image', 'The PNG is damaged');
}
