/** A type of the page by its global name; `never` for a program compiled without the DOM library. */
export type Dom<Name extends string> =
  typeof globalThis extends Record<Name, { prototype: infer Type }> ? Type : never;

/** An encoded image. */
export type ImageBytes = Blob | ArrayBufferLike | ArrayBufferView;

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
 * An image: a JPEG, PNG or WebP in a Blob, File, ArrayBuffer, SharedArrayBuffer or view of one; or, in a page or its
 * worker, anything that a canvas can draw. What is drawn must be loaded, and not be from another origin without CORS.
 *
 * Needs the types `Blob` and `AbortSignal`, of TypeScript's DOM library or of `@types/node` or Cloudflare's; without
 * the DOM library, the types that a canvas can draw are left out.
 */
export type ImageSource = ImageBytes | Drawable;

/** The class of a value by its brand, which holds for objects of another realm (an iframe, a test environment) too. */
export function brandOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Tells an object literal, of any realm, from an instance of a class. */
export function isPlain(value: unknown): value is Record<string, unknown> {
  if (brandOf(value) !== 'Object') return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Tells a file in a Blob, of any realm. */
export function isBlob(value: unknown): value is Blob {
  return /^(Blob|File)$/.test(brandOf(value));
}

/** Tells an encoded image from a drawable one. */
export function isBytes(image: unknown): image is ImageBytes {
  return isBlob(image) || ArrayBuffer.isView(image) || /^(Shared)?ArrayBuffer$/.test(brandOf(image));
}
