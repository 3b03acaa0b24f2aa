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
}

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
  throw new UnlabelError('unsupported_media_type', 'The image must be a JPEG, PNG or WebP');
}
