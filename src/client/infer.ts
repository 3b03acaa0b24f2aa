import type { ImageSource } from '../contract/image-source.ts';
import { requestsAtOnce } from '../contract/limits.ts';
import { textOfRegion } from '../contract/rules/region.ts';
import type { Batch, Single } from '../contract/wire.ts';
import { mapConcurrent } from '../util/concurrency/map-concurrent.ts';
import { countDone } from '../util/count-done.ts';
import { singleFlight } from '../util/single-flight.ts';
import { checkShape } from './check-shape.ts';
import { type Infer, type InferOptions, readOne, type Task } from './connection.ts';
import type { Follow } from './http/follow.ts';
import type { Send } from './http/request.ts';
import type { RequestOptions } from './http/service.ts';
import { batches } from './images/batches.ts';
import { filePack } from './images/file-pack.ts';
import { isAddress, loadImage } from './images/load-image.ts';
import type { Pack, Upload } from './images/pack.ts';
import { type HostedImage, Taken } from './images/take.ts';
import type { Models } from './resources/models.ts';
import { inferSettled } from './settled.ts';

/**
 * Makes what runs tasks on images.
 *
 * @param model - whose input size the service is asked for, where pixels are sent.
 */
export function createInfer(
  send: Send,
  follow: Follow,
  models: Models,
  model: string | undefined,
  upload: Upload = canDecode() ? 'tensor' : 'file',
): Infer {
  const loadPack = singleFlight(async () =>
    upload === 'file' ? filePack : (await import('./images/tensor-web.ts')).createTensorPack(models, model),
  );

  return async <Item, Result>(
    task: Task<Item, Result>,
    images: HostedImage | readonly HostedImage[],
    { signal, timeout, region, onProgress }: InferOptions = {},
    nameOf = (index: number) => (isMany(images) ? `images[${index}]` : 'image'),
  ) => {
    signal?.throwIfAborted();
    const call = new AbortController();
    const unfollow = signal && follow(signal, () => call.abort(signal.reason));
    const options = { signal: call.signal, timeout };
    const list = isMany(images) ? images : [images];
    const sources = Array.from(list, (image) => sourceOf(image, options));
    try {
      const pack = await loadPack();
      const sent =
        region && upload === 'file'
          ? { ...task, query: { ...task.query, region: textOfRegion(region) } }
          : task;
      const attempt = async () => {
        const done = countDone(sources.length, onProgress);
        if (task.settled && isMany(images))
          return inferSettled(send, sent, pack, sources, nameOf, options, region, done);
        // One after the other: the pixels of all of them together may not fit into memory.
        const bodies: Blob[] = [];
        for (const [index, source] of sources.entries())
          bodies.push(await pack.one(source, nameOf(index), options, region));
        return isMany(images)
          ? sendMany(send, pack, sent, bodies, nameOf, options, done)
          : sendOne(send, sent, bodies[0] as Blob, nameOf(0), options);
      };
      try {
        return await attempt();
      } catch (error) {
        if (await pack.isOutdated?.(error, options)) return await attempt();
        throw error;
      }
    } finally {
      unfollow?.();
      // Ends other requests of a call that has failed, and images that are still being read.
      call.abort();
    }
  };
}

function sendOne<Item, Result>(
  send: Send,
  task: Task<Item, Result>,
  body: Blob,
  name: string,
  options: RequestOptions,
): Promise<Result> {
  const { path, query } = task;
  const rename = (field: string) => (field === 'image' ? name : field);
  return send({ path, query, body, rename }, (answer) => readOne(task, answer as Single<Item>), options);
}

async function sendMany<Item, Result>(
  send: Send,
  pack: Pack,
  task: Task<Item, Result>,
  bodies: readonly Blob[],
  nameOf: (index: number) => string,
  options: RequestOptions,
  done: (count: number) => void,
): Promise<Result[]> {
  const { path, query } = task;
  const results = await mapConcurrent(batches(bodies), requestsAtOnce, async (batch) => {
    const rename = (field: string) =>
      field.replace(/^files\[(\d+)\]$/, (_, index) => nameOf(batch.start + Number(index)));
    const readBatch = (answer: unknown) => {
      const { results, ...rest } = answer as Batch<Item>;
      checkShape(results.length === batch.bodies.length);
      return results.map((item) => readOne(task, { ...rest, ...item } as Single<Item>));
    };
    const results = await send({ path, query, body: pack.many(batch.bodies), rename }, readBatch, options);
    done(results.length);
    return results;
  });
  return results.flat();
}

/** An image that was taken, or that an address leads to; rejects where it cannot be had. */
function sourceOf(image: HostedImage | Taken, options: RequestOptions): Promise<ImageSource> {
  if (image instanceof Taken) return image.copy;
  if (!isAddress(image)) return Promise.resolve(image);
  const source = loadImage(image, options);
  // Reported when its turn comes; until then it must not count as unhandled.
  source.catch(() => {});
  return source;
}

/** Whether this platform turns files into pixels. */
function canDecode(): boolean {
  return typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

// Array.isArray does not narrow to a readonly array.
function isMany(images: HostedImage | readonly HostedImage[]): images is readonly HostedImage[] {
  return Array.isArray(images);
}
