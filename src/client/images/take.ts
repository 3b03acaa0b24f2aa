import {
  brandOf,
  type ImageBytes,
  type ImageSource,
  isBlob,
  isBytes,
  isPlain,
} from '../../contract/image-source.ts';
import type { ImageAddress } from './load-image.ts';

/** An image for the hosted network: pixels, a file, or where the caller's side finds a file. */
export type HostedImage = ImageSource | ImageAddress;

/** An image as it was when its call began. */
export class Taken {
  /** A Blob, or a copy of what a canvas can draw. */
  readonly copy: Promise<ImageSource>;

  constructor(image: ImageSource) {
    this.copy = copyOf(image);
    // Reported when its turn comes; until then it must not count as unhandled.
    this.copy.catch(() => {});
  }
}

/**
 * Takes all that a call is given before control returns to the caller, who may draw, write or transfer it afterwards.
 * Arrays, plain objects and vectors are copied, and images become {@link Taken}. Addresses, streams and signals are
 * left as they are.
 */
export function takeAll<Value>(value: Value): { value: Value; release(): void } {
  const images: Taken[] = [];
  const take = (value: unknown): unknown => {
    if (Array.isArray(value)) return Array.from(value, take);
    // Pixels may come as a plain object too: an engine that has copied them hands them on so.
    if (isPlain(value) && !ArrayBuffer.isView(value.data))
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, take(member)]));
    const brand = brandOf(value);
    if (/^Float/.test(brand)) return (value as Float32Array).slice();
    if (brand === 'URL') return `${value}`;
    if (!isBytes(value) && !isDrawable(value)) return value;
    const image = new Taken(value as ImageSource);
    images.push(image);
    return image;
  };
  return {
    value: take(value) as Value,
    /** Frees the copies of what a canvas can draw. */
    release() {
      for (const { copy } of images)
        copy.then((image) => (image as Partial<ImageBitmap>).close?.()).catch(() => {});
    },
  };
}

/** What has a size. What it is in truth, and whether it is loaded, is found out where it is read. */
function isDrawable(value: unknown): boolean {
  const { width, displayWidth, naturalWidth, videoWidth } = Object(value) as Partial<Record<string, unknown>>;
  return typeof (naturalWidth ?? videoWidth ?? displayWidth ?? width) === 'number';
}

/** Everything up to the first `await` happens before control returns. */
async function copyOf(image: ImageSource): Promise<ImageSource> {
  if (isBytes(image)) return fileOf(image);
  const { data, displayWidth } = image as Partial<ImageData & VideoFrame>;
  if (data) return pixelsOf(image as ImageData);
  if (displayWidth) return (image as VideoFrame).clone();
  if (typeof createImageBitmap !== 'function') return image;
  // Of an SVG without a size there is no bitmap, but it can be drawn.
  return createImageBitmap(image).catch(() => image);
}

function pixelsOf({ data, width, height, colorSpace }: ImageData): ImageData {
  // Another number of pixels than the size says is refused where they are read.
  if (
    typeof ImageData !== 'function' ||
    brandOf(data) !== 'Uint8ClampedArray' ||
    data.length !== 4 * width * height
  )
    return { width, height, data: data.slice() } as ImageData;
  return new ImageData(new Uint8ClampedArray(data), width, height, { colorSpace });
}

async function fileOf(image: ImageBytes): Promise<Blob> {
  if (image instanceof Blob) return image;
  // To this realm's Blob, one of another implementation is an object like any other.
  if (isBlob(image)) return new Blob([await image.arrayBuffer()]);
  const bytes = ArrayBuffer.isView(image)
    ? new Uint8Array(image.buffer, image.byteOffset, image.byteLength)
    : new Uint8Array(image);
  // A Blob takes no shared memory.
  return new Blob([bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice()]);
}
