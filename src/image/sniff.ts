import { UnlabelError } from '../contract/errors.ts';
import type { Orientation } from './exif.ts';

/** An image format that Unlabel decodes. */
export type ImageType = 'jpeg' | 'png' | 'webp';

/** The header of an image file, read without decoding a pixel. */
export interface ImageHeader {
  readonly type: ImageType;
  /** Pixels a row as stored, before {@link orientation} is applied. */
  readonly width: number;
  /** Rows as stored, before {@link orientation} is applied. */
  readonly height: number;
  readonly orientation: Orientation;
  /** Where the picture of a JPEG ends that has no end marker there. */
  readonly end?: number | undefined;
  /** Pixels, along a side, for each sample of a JPEG's most subsampled component; 2 as most cameras write it. */
  readonly subsampling?: number | undefined;
  /** Bytes of a stored row of a PNG, where its rows come one after the other: it is not interlaced. */
  readonly rowBytes?: number | undefined;
}

/** What the files of other formats begin with. */
const others: readonly [name: string, pattern: RegExp][] = [
  ['HEIC', /^.{4}ftyp(hei[cmsx]|hev[cmsx]|mif1|msf1)/s],
  ['AVIF', /^.{4}ftypavi[fs]/s],
  ['GIF', /^GIF8/],
  ['BMP', /^BM/],
  ['TIFF', /^(II\*|MM.\*)/s],
  ['JPEG XL', /^(\xff\n|.{4}JXL )/s],
  ['JPEG 2000', /^(\xff\x4f\xff\x51|.{4}jP {2})/s],
  ['SVG', /^(\xef\xbb\xbf)?\s*<(svg|\?xml|!--|!DOCTYPE svg)/i],
  ['PDF', /^%PDF/],
];

/**
 * Tells the format by the first bytes alone; a file name or a `Content-Type` is never believed.
 *
 * @param bytes the encoded image.
 * @throws UnlabelError `invalid_image` when there are no bytes, `unsupported_media_type` for any other format.
 */
export function sniff(bytes: Uint8Array): ImageType {
  if (bytes.length === 0) throw new UnlabelError('invalid_image', 'The image is empty');
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'webp';
  const name = otherFormat(bytes);
  throw new UnlabelError(
    'unsupported_media_type',
    name
      ? `The image must be a JPEG, PNG or WebP, and is ${name}: convert it to JPEG, or let a page that can show it send the pixels (\`upload: "tensor"\`)`
      : 'The image must be a JPEG, PNG or WebP',
  );
}

/** The name of a known format that Unlabel does not decode itself; undefined for anything else. */
export function otherFormat(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  return others.find(([, pattern]) => pattern.test(start))?.[0];
}
