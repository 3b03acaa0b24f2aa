import { limits } from '../contract/limits.ts';
import { checkInside } from '../contract/rules/region.ts';
import { fitPixels, fitRows, type Target } from './fit/fit.ts';
import { orient } from './fit/orient.ts';
import type { Steps } from './fit/steps.ts';
import { namedCutOff } from './header.ts';
import { dcSteps } from './jpeg/dc.ts';
import { checkLastScan } from './jpeg/last-scan.ts';
import { pngRows } from './png/rows.ts';
import type { ImageHeader } from './sniff.ts';

/** Pixels along a side of the blocks whose means the DC coefficients of a JPEG are. */
const block = 8;

/** Blocks for each pixel of the network, along both sides of what is cropped, from which on they are enough. */
const enoughBlocks = 2;

/** Whether a picture is too large to be decoded as a whole, and a part can be cut out of it. */
export function canCut({ type, width, height }: ImageHeader): boolean {
  const pixels = width * height;
  return type === 'jpeg' && pixels > limits.imagePixels && pixels <= limits.reducedPixels;
}

/** Whether the DC coefficients of a JPEG are enough for what a model sees of it. */
function hasEnoughBlocks(
  { width, height, orientation, subsampling = 1 }: ImageHeader,
  { region, ...input }: Target,
): boolean {
  const part = region ?? orient(width, height, orientation);
  const scale = Math.min(part.width / input.width, part.height / input.height);
  const blocks = width * height > limits.imagePixels ? 1 : Math.max(enoughBlocks, subsampling);
  return scale >= blocks * block;
}

/** Whether preparing rests in between. */
export function isInPieces(header: ImageHeader, input: Target): boolean {
  const { type, width, height, rowBytes, end } = header;
  const pixels = width * height;
  if (type !== 'jpeg') return rowBytes !== undefined && pixels > limits.pixelsPerPiece;
  const isCut = canCut(header) && !hasEnoughBlocks(header, input);
  return isCut || pixels > limits.jpegPixelsPerPiece || end !== undefined;
}

/**
 * Fits a picture that need not be held as a whole: a large JPEG by its DC coefficients, and a PNG by its rows, which comes
 * to the same bytes as decoding it first; both in pieces. The same code runs on a server and in a page.
 *
 * A JPEG is read so where the part that is cropped to the input's aspect ratio has at least 16 times the input's pixels
 * along each side (512 for 32, 1024 for 64), and 8 times as many samples of color, which matters only where color is
 * stored for more than 2 x 2 pixels; or just 8 times the pixels where it has more than `limits.imagePixels`. A PNG is read
 * so unless it is interlaced or EXIF turns it. Both have at most `limits.reducedPixels`, and a PNG `limits.pngRowBytes`.
 *
 * @param header - of these bytes.
 * @param input - the model's input size in pixels, and the region that counts, in pixels of the upright picture.
 * @returns `input.height * input.width * 3` bytes of RGB; undefined for a picture that must be decoded as a whole.
 * @throws UnlabelError `invalid_image` when the data is damaged or cut off, `invalid_parameter` for a region beyond it.
 */
export function* fitReduced(
  bytes: Uint8Array,
  header: ImageHeader,
  input: Target,
): Steps<Uint8Array | undefined> {
  const { type, width, height, orientation, end, rowBytes } = header;
  checkInside(input.region, orient(width, height, orientation));
  if (width * height > limits.reducedPixels) return undefined;
  if (type === 'jpeg') {
    if (!hasEnoughBlocks(header, input)) return undefined;
    const size = { width: width / block, height: height / block };
    try {
      if (end !== undefined) yield* checkLastScan(bytes, end);
      return fitPixels(yield* dcSteps(bytes), inBlocks(input), orientation, size);
    } catch (error) {
      throw namedCutOff(error);
    }
  }
  if (type === 'png' && orientation === 1 && rowBytes && rowBytes * height <= limits.pngRowBytes)
    return yield* fitRows(pngRows(bytes), input);
  return undefined;
}

function inBlocks({ width, height, region }: Target): Target {
  if (!region) return { width, height };
  const { x, y } = region;
  const part = { x: x / block, y: y / block, width: region.width / block, height: region.height / block };
  return { width, height, region: part };
}
