import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { readHeader } from '../../image/header.ts';
import { prepareImage } from '../../image/prepare.ts';
import type { Model } from '../../inference/model.ts';
import type { RequestContext } from '../environment.ts';
import { timed } from '../middleware/server-timing.ts';
import type { Turn } from '../queue.ts';
import type { InputImage } from './images.ts';

/**
 * Runs the network on images, in turn with other requests: decodes one image a turn, and runs with the last of every
 * `limits.imagesPerRun`.
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
  checkPixels(images);
  const { queue, times } = c.var;
  const decode = (image: InputImage) => timed(times, 'decode', () => toTensor(image, model, codecs));
  const work = async (turn: Turn) => {
    const results: Result[] = [];
    for (let start = 0; start < images.length; start += limits.imagesPerRun) {
      const batch = images.slice(start, start + limits.imagesPerRun);
      const tensors: Uint8Array[] = [];
      for (const image of batch.slice(0, -1))
        tensors.push(await (image.isTensor ? image.bytes : turn(() => decode(image))));
      const some = await turn(async () => {
        for (const image of batch.slice(-1)) tensors.push(await decode(image));
        return timed(times, 'run', () => run(tensors));
      });
      results.push(...some);
    }
    return results;
  };
  return queue.run(work, c.req.raw.signal);
}

/**
 * Reads the headers of several images before the first is decoded. A single image has a limit of its own.
 * @throws UnlabelError `image_too_large`; or of an image that cannot be read.
 */
function checkPixels(images: readonly InputImage[]): void {
  const files = images.filter(({ isTensor }) => !isTensor);
  if (files.length < 2) return;
  let pixels = 0;
  for (const { field, bytes } of files) {
    const { width, height } = inField(field, () => readHeader(bytes));
    pixels += width * height;
    if (pixels > limits.pixelsPerRequest)
      throw new UnlabelError(
        'image_too_large',
        `The images of a request must have at most ${limits.pixelsPerRequest} pixels in all: send fewer at once`,
        { field },
      );
  }
}

async function toTensor(
  { field, bytes, isTensor }: InputImage,
  { manifest }: Model,
  codecs: Codecs,
): Promise<Uint8Array> {
  if (isTensor) return bytes;
  return inField(field, () => prepareImage(bytes, manifest.input, codecs));
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
