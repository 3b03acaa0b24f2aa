import { UnlabelError } from '../../contract/errors.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { prepareImage } from '../../image/prepare.ts';
import type { Model } from '../../inference/model.ts';
import type { RequestContext } from '../environment.ts';
import { timed } from '../middleware/server-timing.ts';
import type { Turn } from '../queue.ts';
import type { InputImage } from './images.ts';

/**
 * Runs the network on images, in turn with other requests: decodes one image a turn, and runs with the last.
 * @param run - runs the network on RGB bytes of the model's size, one array an image.
 * @throws UnlabelError that names the field; `overloaded`.
 */
export function runOnImages<Result>(
  c: RequestContext,
  images: readonly InputImage[],
  model: Model,
  codecs: Codecs,
  run: (tensors: Uint8Array[]) => Promise<Result>,
): Promise<Result> {
  const { queue, times } = c.var;
  const work = async (turn: Turn) => {
    const tensors: Uint8Array[] = [];
    const prepare = (image: InputImage) =>
      timed(times, 'decode', async () => tensors.push(await toTensor(image, model, codecs)));
    for (const image of images.slice(0, -1))
      await (image.isTensor ? prepare(image) : turn(() => prepare(image)));
    return turn(async () => {
      for (const image of images.slice(-1)) await prepare(image);
      return timed(times, 'run', () => run(tensors));
    });
  };
  return queue.run(work, c.req.raw.signal);
}

/** @throws UnlabelError that names the field. */
async function toTensor(
  { field, bytes, isTensor }: InputImage,
  { manifest }: Model,
  codecs: Codecs,
): Promise<Uint8Array> {
  if (isTensor) return bytes;
  try {
    return await prepareImage(bytes, manifest.input, codecs);
  } catch (error) {
    if (!(error instanceof UnlabelError)) throw error;
    throw new UnlabelError(error.code, error.message, { field, cause: error.cause });
  }
}
