import { limits } from '../../contract/limits.ts';
import type { Batch, Single } from '../../contract/wire.ts';
import { mapConcurrent } from '../../util/concurrency/map-concurrent.ts';
import { checkShape } from '../check-shape.ts';
import type { Query, Send } from '../http/request.ts';
import type { RequestOptions } from '../http/service.ts';
import type { Pack } from './pack.ts';

/** Bytes that multipart adds to an image: boundary and part headers, with room to spare. */
const partOverhead = 256;

/** An image as it is sent. */
export interface PackedImage {
  /** Its place among the images of the call. */
  index: number;
  body: Blob;
  /** The part of it that counts, as the query has it. Default: all of it. */
  region: string | undefined;
}

/** How the images of a call are sent. */
export interface Sending {
  send: Send;
  pack: Pack;
  path: string;
  query: Query;
  options: RequestOptions;
  /** Requests in flight at a time. */
  atOnce: number;
  /** The caller's name for an image, in errors. */
  nameOf(index: number): string;
  /** Called with the number of images that have an outcome now. */
  done(count: number): void;
}

/**
 * Sends images in as few requests as the limits allow; those of a request have one region.
 *
 * @param read - takes the answer to an image. `rename` makes a field of the request the caller's.
 * @param refuse - takes what a request failed with; the call fails too unless it returns true.
 */
export async function sendBatches<Item>(
  { send, pack, path, query, options, atOnce, nameOf, done }: Sending,
  images: readonly PackedImage[],
  read: (index: number, answer: Single<Item>, response: Response, rename: (field: string) => string) => void,
  refuse: (batch: readonly PackedImage[], reason: unknown) => boolean = () => false,
): Promise<void> {
  await mapConcurrent(batches(images), atOnce, async (batch) => {
    const indexOf = (place: number) => batch[place]?.index as number;
    const rename = (field: string) =>
      field.replace(/^files\[(\d+)\]$/, (_, place) => nameOf(indexOf(Number(place))));
    const readBatch = (answer: unknown, response: Response) => {
      const { results, ...rest } = answer as Batch<Item>;
      checkShape(results.length === batch.length);
      for (const [place, item] of results.entries())
        read(indexOf(place), { ...rest, ...item } as Single<Item>, response, rename);
    };
    const body = pack.many(batch.map(({ body }) => body));
    const request = { path, query: { ...query, region: batch[0]?.region }, body, rename };
    await send(request, readBatch, options).catch((reason: unknown) => {
      if (!refuse(batch, reason)) throw reason;
    });
    done(batch.length);
  });
}

/** Cuts images into batches of one region, by number and by bytes; an image over the limit goes alone. */
function* batches(images: readonly PackedImage[]): Generator<PackedImage[], void> {
  const open = new Map<string | undefined, { batch: PackedImage[]; bytes: number }>();
  for (const image of images) {
    const cost = image.body.size + partOverhead;
    let last = open.get(image.region);
    if (last && (last.batch.length === limits.imagesPerRequest || last.bytes + cost > limits.bodyBytes)) {
      yield last.batch;
      last = undefined;
    }
    last ??= { batch: [], bytes: 0 };
    last.batch.push(image);
    last.bytes += cost;
    open.set(image.region, last);
  }
  for (const { batch } of open.values()) yield batch;
}
