import type { ImageSource } from '../contract/image-source.ts';
import { requestsAtOnce } from '../contract/limits.ts';
import { textOfRegion } from '../contract/rules/region.ts';
import type { Single } from '../contract/wire.ts';
import { countDone } from '../util/count-done.ts';
import { singleFlight } from '../util/single-flight.ts';
import { type Infer, type InferOptions, readOne, type Task } from './connection.ts';
import type { Follow } from './http/follow.ts';
import type { Send } from './http/request.ts';
import type { RequestOptions } from './http/service.ts';
import { type PackedImage, type Sending, sendBatches } from './images/batches.ts';
import { filePack } from './images/file-pack.ts';
import { isAddress, loadImage } from './images/load-image.ts';
import type { Upload } from './images/pack.ts';
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
    { signal, timeout, region, regions, atOnce = requestsAtOnce, onProgress }: InferOptions = {},
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
      const packOne = async (index: number): Promise<PackedImage> => {
        const part = regions?.[index] ?? region;
        const body = await pack.one(sources[index] as Promise<ImageSource>, nameOf(index), options, part);
        // Of pixels it is cut out already.
        return { index, body, region: part && upload === 'file' ? textOfRegion(part) : undefined };
      };
      const attempt = async () => {
        const done = countDone(sources.length, onProgress);
        const sending: Sending = { ...task, send, pack, options, atOnce, nameOf, done };
        if (task.settled && isMany(images)) return inferSettled(sending, task, sources.length, packOne);
        // One after the other: the pixels of all of them together may not fit into memory.
        const packed: PackedImage[] = [];
        for (const index of sources.keys()) packed.push(await packOne(index));
        return isMany(images)
          ? sendMany(sending, task, packed)
          : sendOne(sending, task, packed[0] as PackedImage);
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
  { send, path, query, options, nameOf }: Sending,
  task: Task<Item, Result>,
  { body, region }: PackedImage,
): Promise<Result> {
  const rename = (field: string) => (field === 'image' ? nameOf(0) : field);
  const request = { path, query: { ...query, region }, body, rename };
  return send(request, (answer) => readOne(task, answer as Single<Item>), options);
}

async function sendMany<Item, Result>(
  sending: Sending,
  task: Task<Item, Result>,
  packed: readonly PackedImage[],
): Promise<Result[]> {
  const results: Result[] = [];
  await sendBatches<Item>(sending, packed, (index, answer) => {
    results[index] = readOne(task, answer);
  });
  return results;
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
