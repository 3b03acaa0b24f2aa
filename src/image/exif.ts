import { viewOf } from '../util/view.ts';

/**
 * EXIF orientation: how the stored pixels must be turned for display. 1 is upright, 2 mirrored, 3 turned by 180 degrees,
 * 4 flipped, 5 transposed, 6 needs a turn by 90 degrees clockwise, 7 is transversed, 8 needs 90 degrees counter-clockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const orientationTag = 0x0112;
const shortType = 3;
const longType = 4;

/**
 * Reads the orientation out of an EXIF block (a TIFF file whose first directory holds the tag; EXIF 2.32, 4.6).
 * XMP is not looked at.
 *
 * @param exif the block, with or without its `Exif\0\0` prefix.
 * @returns 1 when the tag is absent, out of range or the block is damaged: its picture is still good.
 */
export function exifOrientation(exif: Uint8Array): Orientation {
  const tiff = hasExifPrefix(exif) ? exif.subarray(6) : exif;
  const view = viewOf(tiff);
  try {
    const littleEndian = view.getUint16(0) === 0x4949;
    if (!littleEndian && view.getUint16(0) !== 0x4d4d) return 1;
    const directory = view.getUint32(4, littleEndian);
    const entries = view.getUint16(directory, littleEndian);
    for (let entry = 0; entry < entries; entry++) {
      const at = directory + 2 + entry * 12;
      if (view.getUint16(at, littleEndian) !== orientationTag) continue;
      const type = view.getUint16(at + 2, littleEndian);
      if (type === shortType) return toOrientation(view.getUint16(at + 8, littleEndian));
      if (type === longType) return toOrientation(view.getUint32(at + 8, littleEndian));
      return 1;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return 1;
}

/** Tells whether a block starts with `Exif\0` and a pad byte, which may be any, as the APP1 segment of a JPEG does. */
export function hasExifPrefix(block: Uint8Array): boolean {
  return block.length >= 6 && String.fromCharCode(...block.subarray(0, 5)) === 'Exif\0';
}

function toOrientation(value: number): Orientation {
  return value >= 1 && value <= 8 ? (value as Orientation) : 1;
}
