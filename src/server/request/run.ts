import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { readHeader } from '../../image/header.ts';
import { prepareImage, prepareInPieces } from '../../image/prepare.ts';
import { isInPieces } from '../../image/reduce.ts';
import type { ImageHeader } from '../../image/sniff.ts';
import type { Model } from '../../inference/model.ts';
import type { RequestContext } from '../environment.ts';
import { timed } from '../middleware/server-timing.ts';
import type { Turn } from '../queue.ts';
import type { InputImage } from './images.ts';

/**
 * Runs the network on images, in turn with other requests: decodes one image a turn, or a piece of a large one, and runs
 * with the last of every `limits.imagesPerRun`.
 * @param run - runs the network on RGB bytes of the model's size, one array an image.
 * @returns the results of the runs, in the order of the images.
 * @throws UnlabelError that names the field; `overloaded`.
 */
export function runOnImages<Result>(
  c: RequestContext,
  images: readonly InputImage[],
  model: Model,
  codecs: Codecs,
  run: (tensors: Uint8Array[]) => Promise<Result[]>,
): Promise<Result[]> {
  const headers = readHeaders(images);
  const { queue, largeImages, times } = c.var;
  const { signal } = c.req.raw;
  const { input } = model.manifest;
  const decode = <Done>({ field }: InputImage, work: () => Promise<Done>) =>
    timed(times, 'decode', () => inField(field, work));
  const prepare = (image: InputImage, header: ImageHeader) =>
    decode(image, () => prepareImage(image.bytes, input, codecs, header));
  const prepareLarge = (image: InputImage, header: ImageHeader, turn: Turn) =>
    largeImages.run(
      (only) =>
        only(async () => {
          const pieces = prepareInPieces(image.bytes, input, codecs, header);
          for (;;) {
            const piece = await turn(() => decode(image, () => pieces.next()));
            if (piece.done) return piece.value;
          }
        }),
      signal,
    );
  const work = async (turn: Turn) => {
    const results: Result[] = [];
    for (let start = 0; start < images.length; start += limits.imagesPerRun) {
      const batch = images.slice(start, start + limits.imagesPerRun);
      const tensors: Uint8Array[] = [];
      let prepareLast: (() => Promise<Uint8Array>) | undefined;
      for (const image of batch) {
        const header = headers.get(image);
        if (!header) tensors.push(image.bytes);
        else if (isInPieces(header)) tensors.push(await prepareLarge(image, header, turn));
        else if (image === batch.at(-1)) prepareLast = () => prepare(image, header);
        else tensors.push(await turn(() => prepare(image, header)));
      }
      const some = await turn(async () => {
        if (prepareLast) tensors.push(await prepareLast());
        return timed(times, 'run', () => run(tensors));
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
function readHeaders(images: readonly InputImage[]): Map<InputImage, ImageHeader> {
  const headers = new Map<InputImage, ImageHeader>();
  let pixels = 0;
  for (const image of images) {
    if (image.isTensor) continue;
    const { field, bytes } = image;
    const header = inField(field, () => readHeader(bytes));
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
    throw new UnlabelError(error.code, error.message, { field, cause: error.cause });
  };
  try {
    const result = work();
    return result instanceof Promise ? (result.catch(rethrow) as Result) : result;
  } catch (error) {
    return rethrow(error);
  }
}
