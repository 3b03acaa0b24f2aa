import type { Drawable } from '../contract/image-source.ts';
import { otherFormat } from './sniff.ts';

/** Bytes that tell the format of a file. */
const startBytes = 64;

/**
 * What an element shows at this moment, in all its pixels: an `<img>` of twice the density has four times those of its
 * natural size. An SVG without a size is drawn at the size that the browser gives it.
 *
 * @throws DOMException where it cannot be drawn.
 */
export async function bitmapOf(image: Drawable): Promise<ImageBitmap> {
  const source = image as ImageBitmapSource;
  try {
    return await createImageBitmap(source);
  } catch (error) {
    const { naturalWidth, naturalHeight } = image as Partial<HTMLImageElement>;
    if (!naturalWidth || !naturalHeight) throw error;
    // Chromium stretches it where createImageBitmap is given the size.
    const canvas = new OffscreenCanvas(naturalWidth, naturalHeight);
    canvas.getContext('2d')?.drawImage(source as HTMLImageElement, 0, 0, naturalWidth, naturalHeight);
    return canvas.transferToImageBitmap();
  }
}

/**
 * Draws a file that only a document can draw, and not a worker: an SVG.
 *
 * @returns undefined for any other file.
 * @throws DOMException where it is damaged.
 */
export async function bitmapOfSvg(file: Blob): Promise<ImageBitmap | undefined> {
  if (typeof Image !== 'function') return undefined;
  const start = new Uint8Array(await file.slice(0, startBytes).arrayBuffer());
  if (!isSvg(start)) return undefined;
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }));
  try {
    await image.decode();
    return await bitmapOf(image);
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** Tells an SVG by its first bytes. */
export function isSvg(bytes: Uint8Array): boolean {
  return otherFormat(bytes) === 'SVG';
}
