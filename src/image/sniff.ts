import { UnlabelError } from '../contract/errors.ts';

/** An image format that Unlabel decodes. */
export type ImageType = 'jpeg' | 'png' | 'webp';

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
