import { atField, UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { Region } from '../../contract/model.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { readHeader } from '../../image/header.ts';
import { prepareImage, prepareInPieces } from '../../image/prepare.ts';
import { isInPieces } from '../../image/reduce.ts';
import type { ImageHeader } from '../../image/sniff.ts';
import type { Model } from '../../inference/model.ts';
import type { RequestContext } from '../environment.ts';
import { timed } from '../middleware/server-timing.ts';
import type { Turn } from '../queue.ts';
import type { InputImage, RequestImages } from './images.ts';

/** How images are run. */
interface ImageOptions {
  /** Takes the errors of images that cannot be read, by their places. Default: the first one is thrown. */
  failed?: Map<number, UnlabelError> | undefined;
  /** The part of each image that counts. Default: all of it. */
  region?: Region | undefined;
}

/** How the images of a request are run: by its query, and by what its body says of a region where the query does not. */
export function imageOptions(
  request: Pick<RequestImages, 'isBatch' | 'region'>,
  { settled, region = request.region }: { settled: 'true' | 'false'; region?: Region | undefined },
): ImageOptions {
  return { failed: settled === 'true' && request.isBatch ? new Map() : undefined, region };
}

/**
 * Runs the network on images, in turn with other requests: decodes one image a turn, or a piece of a large one, and runs
 * with the last of every `limits.imagesPerRun`.
 * @param run - runs the network on RGB bytes of the model's size, one array an image.
 * @returns the results of the runs, in the order of the images; without those that failed.
 * @throws UnlabelError that names the field; `overloaded`.
 */
export function runOnImages<Result>(
  c: RequestContext,
  images: readonly InputImage[],
  model: Model,
  codecs: Codecs,
  run: (tensors: Uint8Array[]) => Promise<Result[]>,
  { failed, region }: ImageOptions = {},
): Promise<Result[]> {
  if (region && images.some(({ isTensor }) => isTensor))
    throw new UnlabelError(
      'invalid_parameter',
      'region is for images; pixels of the network are cut out already',
      {
        field: 'region',
      },
    );
  const readable = new Set(images);
  const fail = (image: InputImage, error: unknown) => {
    if (!failed || !(error instanceof UnlabelError) || ![image.field, 'region'].includes(`${error.field}`))
      throw error;
    failed.set(images.indexOf(image), error);
    readable.delete(image);
  };
  const headers = readHeaders(images, fail);
  const { queue, largeImages, times } = c.var;
  const { signal } = c.req.raw;
  const inputOf = (image: InputImage) => ({ ...model.manifest.input, region: image.region ?? region });
  const decode = <Done>({ field }: InputImage, work: () => Promise<Done>) =>
    timed(times, 'decode', () => inField(field, work));
  const prepare = (image: InputImage, header: ImageHeader) =>
    decode(image, () => prepareImage(image.bytes, inputOf(image), codecs, header));
  const prepareLarge = (image: InputImage, header: ImageHeader, turn: Turn) =>
    largeImages.run(
      (only) =>
        only(async (alive) => {
          const pieces = prepareInPieces(image.bytes, inputOf(image), codecs, header);
          for (;;) {
            alive();
            const piece = await turn(() => decode(image, () => pieces.next()));
            if (piece.done) return piece.value;
          }
        }),
      signal,
    );
  const work = async (turn: Turn) => {
    const results: Result[] = [];
    for (let start = 0; start < images.length; start += limits.imagesPerRun) {
      const batch = images.slice(start, start + limits.imagesPerRun).filter((image) => readable.has(image));
      const tensors: Uint8Array[] = [];
      const take = async (image: InputImage, tensor: Promise<Uint8Array>) => {
        await tensor.then(
          (bytes) => tensors.push(bytes),
          (error) => fail(image, error),
        );
      };
      let prepareLast: (() => Promise<void>) | undefined;
      for (const image of batch) {
        const header = headers.get(image);
        if (!header) tensors.push(image.bytes);
        else if (isInPieces(header, inputOf(image))) await take(image, prepareLarge(image, header, turn));
        else if (image === batch.at(-1)) prepareLast = () => take(image, prepare(image, header));
        else
          await take(
            image,
            turn(() => prepare(image, header)),
          );
      }
      const some = await turn(async () => {
        await prepareLast?.();
        return tensors.length > 0 ? timed(times, 'run', () => run(tensors)) : [];
      });
      results.push(...some);
    }
    return results;
  };
  return queue.run(work, signal);
}

/**
 * Reads the headers of all images that are not tensors before the first is decoded, each once. A single image has a limit
 * of its own.
 * @throws UnlabelError `image_too_large`; or of an image that cannot be read.
 */
function readHeaders(
  images: readonly InputImage[],
  fail: (image: InputImage, error: unknown) => void,
): Map<InputImage, ImageHeader> {
  const headers = new Map<InputImage, ImageHeader>();
  let pixels = 0;
  for (const image of images) {
    if (image.isTensor) continue;
    const { field, bytes } = image;
    let header: ImageHeader;
    try {
      header = inField(field, () => readHeader(bytes));
    } catch (error) {
      fail(image, error);
      continue;
    }
    headers.set(image, header);
    pixels += header.width * header.height;
    if (headers.size > 1 && pixels > limits.pixelsPerRequest)
      throw new UnlabelError(
        'image_too_large',
        `The images of a request must have at most ${limits.pixelsPerRequest} pixels in all: send fewer at once`,
        { field },
      );
  }
  return headers;
}

/** Names the field in an error. */
function inField<Result>(field: string, work: () => Result): Result {
  const rethrow = (error: unknown): never => {
    if (!(error instanceof UnlabelError)) throw error;
    throw error.field === 'region'
      ? atField(error, field)
      : new UnlabelError(error.code, error.message, { field, cause: error.cause });
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(rethrow) as Result) : result;
  } catch (error) {
    return rethrow(error);
  }
}
