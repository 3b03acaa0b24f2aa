import { UnlabelError } from './errors.ts';

/** A type of the page by its global name; `never` for a program compiled without the DOM library. */
type Dom<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : never;

/** An encoded image. */
export type ImageBytes = Blob | ArrayBuffer | ArrayBufferView;

/** Pixels of a page, or what shows them. */
export type Drawable =
  | Dom<'ImageData'>
  | Dom<'ImageBitmap'>
  | Dom<'HTMLImageElement'>
  | Dom<'HTMLCanvasElement'>
  | Dom<'OffscreenCanvas'>
  | Dom<'HTMLVideoElement'>
  | Dom<'VideoFrame'>;

/**
 * An image: a JPEG, PNG or WebP in a Blob, File, ArrayBuffer or view of one; or, in a page or its worker, anything
 * that a canvas can draw. What is drawn must be loaded, and not be from another origin without CORS.
 *
 * Needs the types `Blob` and `AbortSignal`, of TypeScript's DOM library or of `@types/node` or Cloudflare's; without
 * the DOM library, the types that a canvas can draw are left out.
 */
export type ImageSource = ImageBytes | Drawable;

/** Tells an encoded image from a drawable one. */
export function isBytes(image: ImageSource): image is ImageBytes {
  return image instanceof Blob || image instanceof ArrayBuffer || ArrayBuffer.isView(image);
}

/**
 * The size of a picture in pixels, whatever size it is shown at.
 *
 * @throws TypeError for what is no picture, not loaded or closed.
 */
export function drawableSize(image: Drawable): { width: number; height: number } {
  const source: Partial<HTMLImageElement & HTMLVideoElement & VideoFrame> = Object(image);
  const width = source.naturalWidth ?? source.videoWidth ?? source.displayWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.displayHeight ?? source.height;
  if (width === undefined || height === undefined) throw new TypeError('neither bytes nor drawable');
  // A canvas draws nothing, and says nothing, for an element whose picture is not there yet.
  if (!width || !height || source.complete === false || (source.readyState ?? 2) < 2) {
    throw new TypeError('not loaded, or closed');
  }
  return { width, height };
}

/** What is thrown for an image that cannot be read, whatever the reason: says which, names no content. */
export function unreadable(cause: unknown, field: string): UnlabelError {
  return new UnlabelError('invalid_image', `Cannot read the image: ${(cause as Error).message}`, {
    field,
    cause,
  });
}
