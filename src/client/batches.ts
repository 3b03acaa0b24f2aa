import { limits } from '../contract/limits.ts';

/** Bytes that multipart adds to an image: boundary and part headers, with room to spare. */
const partOverhead = 256;

/** Cuts images into batches that one request may carry, by number and by bytes; an image over the limit goes alone. */
export function* batches(images: readonly Blob[]): Generator<Blob[], void> {
  let batch: Blob[] = [];
  let bytes = 0;
  for (const image of images) {
    const cost = image.size + partOverhead;
    const isFull = batch.length === limits.imagesPerRequest || bytes + cost > limits.bodyBytes;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(image);
    bytes += cost;
  }
  if (batch.length > 0) yield batch;
}
