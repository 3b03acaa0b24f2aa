import { limits } from '../../contract/limits.ts';

/** Bytes that multipart adds to an image: boundary and part headers, with room to spare. */
const partOverhead = 256;

/** Images that share a request. */
export interface ImageBatch {
  /** Place of the first one among all images. */
  start: number;
  bodies: Blob[];
}

/** Cuts images into batches that one request may carry, by number and by bytes; an image over the limit goes alone. */
export function* batches(bodies: readonly Blob[]): Generator<ImageBatch, void> {
  let batch: ImageBatch = { start: 0, bodies: [] };
  let bytes = 0;
  for (const [index, body] of bodies.entries()) {
    const cost = body.size + partOverhead;
    const isFull = batch.bodies.length === limits.imagesPerRequest || bytes + cost > limits.bodyBytes;
    if (isFull && batch.bodies.length > 0) {
      yield batch;
      batch = { start: index, bodies: [] };
      bytes = 0;
    }
    batch.bodies.push(body);
    bytes += cost;
  }
  if (batch.bodies.length > 0) yield batch;
}
