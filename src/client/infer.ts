import type { ImageSource } from '../contract/image-source.ts';
import type { Batch, Single } from '../contract/wire.ts';
import { batches } from './batches.ts';
import type { Pack } from './pack.ts';
import { checkShape } from './read-response.ts';
import type { Query, RequestOptions, Send } from './request.ts';

/** Requests of one call that are under way together; a single instance of the service takes as many without a queue. */
const concurrency = 4;

/** One thing that the network does with an image. */
export interface Task<Item, Result> {
  path: string;
  query: Query;
  /** Makes the result of the answer to one image; throws if the answer has another shape. */
  read(answer: Single<Item>): Result;
}

/** How a client reaches its service. */
export interface Connection {
  send: Send;
  pack(): Promise<Pack>;
}

/** Runs a task on one image, or on many in as few requests as the limits allow; results are in the images' order. */
export async function infer<Item, Result>(
  { send, pack }: Connection,
  task: Task<Item, Result>,
  images: ImageSource | readonly ImageSource[],
  options?: RequestOptions,
): Promise<Result | Result[]> {
  options?.signal?.throwIfAborted();
  const packing = await pack();
  const attempt = () => inferPacked(send, packing, task, images, options);
  try {
    return await attempt();
  } catch (error) {
    if (await packing.isOutdated?.(error, options)) return attempt();
    throw error;
  }
}

async function inferPacked<Item, Result>(
  send: Send,
  pack: Pack,
  { path, query, read }: Task<Item, Result>,
  images: ImageSource | readonly ImageSource[],
  options?: RequestOptions,
): Promise<Result | Result[]> {
  const readOne = (answer: Single<Item>): Result => {
    checkShape(typeof answer.model.name === 'string');
    return read(answer);
  };
  if (!isMany(images)) {
    const body = await pack.one(images, 'image', options);
    return send({ path, query, body }, (answer) => readOne(answer as Single<Item>), options);
  }

  // One after the other: a canvas for each of them at once would not fit into memory.
  const blobs: Blob[] = [];
  for (const [index, image] of images.entries())
    blobs.push(await pack.one(image, `images[${index}]`, options));

  const sendBatch = (batch: readonly Blob[]) => {
    const readBatch = (answer: unknown) => {
      const { results, ...rest } = answer as Batch<Item>;
      checkShape(results.length === batch.length);
      return results.map((item) => readOne({ ...rest, ...item } as Single<Item>));
    };
    return send({ path, query, body: pack.many(batch) }, readBatch, options);
  };

  const queue = batches(blobs);
  const results: Result[][] = [];
  let taken = 0;
  // The workers share the queue; one that throws closes it, so that no further request starts.
  const worker = async () => {
    for (const batch of queue) {
      const place = taken++;
      results[place] = await sendBatch(batch);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results.flat();
}

// Array.isArray does not narrow to a readonly array.
function isMany(images: ImageSource | readonly ImageSource[]): images is readonly ImageSource[] {
  return Array.isArray(images);
}
