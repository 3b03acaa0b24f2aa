import type { Region } from '../../../contract/model.ts';
import type { Orientation } from '../../exif.ts';
import { centerCrop, type Target } from '../../fit/fit.ts';
import { orient } from '../../fit/orient.ts';
import type { Steps } from '../../fit/steps.ts';
import { namedCutOff } from '../../header.ts';
import { canCut } from '../../reduce.ts';
import type { ImageHeader } from '../../sniff.ts';
import { withEndMarker } from '../header.ts';
import { cutJpeg } from './cut.ts';

/** A picture to decode as a whole. */
export interface Whole<Bytes extends Uint8Array = Uint8Array> {
  bytes: Bytes;
  header: ImageHeader;
  input: Target;
}

/**
 * Cuts out of a large JPEG what a model sees of it, where that is too small for the DC coefficients: some hundred pixels a
 * side. They are the same as in the whole. In pieces.
 *
 * @returns any other picture as it is.
 * @throws UnlabelError `invalid_image` when the data is damaged or cut off, `image_too_large` for one of too many scans.
 */
export function* cutLarge<Bytes extends Uint8Array>({
  bytes,
  header,
  input,
}: Whole<Bytes>): Steps<Whole<Bytes | Uint8Array<ArrayBuffer>>> {
  const { width, height, orientation, end } = header;
  if (!canCut(header)) return { bytes, header, input };
  const upright = orient(width, height, orientation);
  const part = partOf(input.region ?? { x: 0, y: 0, width: upright.width, height: upright.height }, input);
  const storedAt = (x: number, y: number) => {
    const at = upright.start + x * upright.right + y * upright.down;
    return { x: at % width, y: Math.floor(at / width) };
  };
  const corner = storedAt(part.x, part.y);
  const opposite = storedAt(part.x + part.width - 1, part.y + part.height - 1);
  try {
    const cut = yield* cutJpeg(end === undefined ? bytes : withEndMarker(bytes, end), {
      left: Math.min(corner.x, opposite.x),
      top: Math.min(corner.y, opposite.y),
      right: Math.max(corner.x, opposite.x) + 1,
      bottom: Math.max(corner.y, opposite.y) + 1,
    });
    const at = uprightAt(cut, orientation, corner.x - cut.left, corner.y - cut.top);
    return {
      bytes: cut.bytes,
      header: { type: 'jpeg', width: cut.width, height: cut.height, orientation },
      input: { width: input.width, height: input.height, region: { ...part, ...at } },
    };
  } catch (error) {
    throw namedCutOff(error);
  }
}

/** The part of a region that is resized: its center, and as far as the filter reaches beyond. */
function partOf({ x, y, width, height }: Region, input: Target): Region {
  const box = centerCrop({ left: 0, top: 0, right: width, bottom: height }, input);
  const reach = Math.ceil((box.right - box.left) / input.width) + 1;
  const trim = (before: number) => Math.max(Math.floor(before) - reach, 0);
  const [left, top] = [trim(box.left), trim(box.top)];
  return { x: x + left, y: y + top, width: width - 2 * left, height: height - 2 * top };
}

/** Where a stored pixel lies in the upright picture. */
function uprightAt(
  { width, height }: { width: number; height: number },
  orientation: Orientation,
  x: number,
  y: number,
): { x: number; y: number } {
  const { right, down } = orient(width, height, orientation);
  const isTurned = orientation > 4;
  const [along, across] = isTurned ? [y, x] : [x, y];
  const [lastAlong, lastAcross] = isTurned ? [height - 1, width - 1] : [width - 1, height - 1];
  return { x: right > 0 ? along : lastAlong - along, y: down > 0 ? across : lastAcross - across };
}
