import { UnlabelError } from '../contract/errors.ts';

/** A type of the page by its global name; `never` for a program compiled without the DOM library. */
type Dom<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : never;

type Bytes = Blob | ArrayBuffer | ArrayBufferView;

type Drawable =
  | Dom<'ImageData'>
  | Dom<'ImageBitmap'>
  | Dom<'HTMLImageElement'>
  | Dom<'HTMLCanvasElement'>
  | Dom<'OffscreenCanvas'>
  | Dom<'HTMLVideoElement'>
  | Dom<'VideoFrame'>;

/**
 * An image: a JPEG, PNG or WebP in a Blob, File, ArrayBuffer or view of one; or, in a page or its worker, anything
 * that a canvas can draw. What is drawn is sent as a PNG of its full size, so it must be loaded, not from another
 * origin without CORS, and within the service's limit of pixels.
 *
 * Needs the types `Blob` and `AbortSignal`, of TypeScript's DOM library or of `@types/node` or Cloudflare's; without
 * the DOM library, the types that a canvas can draw are left out.
 */
export type ImageSource = Bytes | Drawable;

/**
 * The bytes of an image, as they are now, to be sent as often as need be. The service goes by the bytes: a Blob's own
 * type may be wrong, and is not passed on.
 *
 * @param field name of the image in an error.
 * @throws UnlabelError `invalid_image` if it is no image source, not loaded, or may not be read.
 */
export async function toBlob(image: ImageSource, field: string): Promise<Blob> {
  try {
    const bytes = isBytes(image) ? (image as BlobPart) : await draw(image);
    return new Blob([bytes], { type: 'application/octet-stream' });
  } catch (cause) {
    throw new UnlabelError('invalid_image', `Cannot read the image: ${(cause as Error).message}`, {
      field,
      cause,
    });
  }
}

function isBytes(image: ImageSource): image is Bytes {
  return image instanceof Blob || image instanceof ArrayBuffer || ArrayBuffer.isView(image);
}

/** A PNG of what a canvas can draw. */
function draw(image: Drawable): Promise<Blob> {
  const source: Partial<HTMLImageElement & HTMLVideoElement & VideoFrame> = Object(image);
  const width = source.naturalWidth ?? source.videoWidth ?? source.displayWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.displayHeight ?? source.height;
  if (width === undefined || height === undefined) throw new TypeError('neither bytes nor drawable');
  // A canvas draws nothing, and says nothing, for an element whose picture is not there yet.
  if (!width || !height || source.complete === false || (source.readyState ?? 2) < 2) {
    throw new TypeError('not loaded, or closed');
  }
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d') as OffscreenCanvasRenderingContext2D;
  if ('data' in image) context.putImageData(image, 0, 0);
  else context.drawImage(image, 0, 0, width, height);
  return canvas.convertToBlob();
}
