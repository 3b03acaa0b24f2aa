import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { ModelRef, Region } from '../../contract/model.ts';
import type { VectorSource } from '../../contract/wire.ts';
import type { Codecs } from '../../image/codecs/codecs.ts';
import { embed } from '../../inference/embed.ts';
import { decodeFloat32 } from '../../util/float32.ts';
import { checkModel, isDirection, type VectorModel } from '../../vectors/vector-model.ts';
import type { RequestContext } from '../environment.ts';
import { decodeImage } from './base64-image.ts';
import { runOnImages } from './run.ts';

/** A vector or an image of a request, and its place in errors: `vectors[3].`. */
type Source = VectorSource & { field: string };

/**
 * The vectors of a request: as they are given, or embedded from images; all of one model.
 * @param sources - at least one.
 * @param name - model that embeds the images, and of the vectors that name none.
 * @param region - the part that counts of images that name none.
 * @throws UnlabelError `model_mismatch`, or for what is neither a vector nor an image.
 */
export async function readVectors(
  c: RequestContext,
  codecs: Codecs,
  sources: readonly Source[],
  name: string | undefined,
  region?: Region | undefined,
): Promise<{ model: ModelRef; vectors: Float32Array[] }> {
  const images = sources.filter((source) => 'image' in source);
  const embedded = images.length > 0 ? await embedAll(c, codecs, images, name, region) : undefined;
  const vectors: Float32Array[] = [];
  let first = embedded?.model;
  for (const source of sources) {
    if ('image' in source) {
      vectors.push(embedded?.vectors.shift() as Float32Array);
      continue;
    }
    const vector = toVector(source.vector, `${source.field}vector`);
    const dimensions = vector.length;
    // A vector that names no model must at least have the length of the assumed one.
    first ??= source.model ? { ...source.model, dimensions } : await vectorModelOf(c, name);
    checkModel(first, { ...(source.model ?? first), dimensions });
    vectors.push(vector);
  }
  const model = first as ModelRef;
  return { model: { name: model.name, version: model.version }, vectors };
}

/**
 * A model of this deployment, as that of a vector.
 * @param name - default: the default model.
 * @throws UnlabelError `model_not_found`.
 */
export async function vectorModelOf(c: RequestContext, name: string | undefined): Promise<VectorModel> {
  const manifest = await c.var.models.manifest(name ?? (await c.var.models.defaultName()));
  return { name: manifest.name, version: manifest.version, dimensions: manifest.embedding.dimensions };
}

async function embedAll(
  c: RequestContext,
  codecs: Codecs,
  sources: readonly (Source & { image: string; region?: Region | undefined })[],
  name: string | undefined,
  region: Region | undefined,
) {
  const images = sources.map(({ field, image, region }) => {
    const name = `${field}image`;
    return { field: name, bytes: decodeImage(image, name), region };
  });
  return c.var.models.use(name, async (model) => {
    const vectors = await runOnImages(c, images, model, codecs, (tensors) => embed(model, tensors), {
      region,
    });
    return { model: { ...model.ref, dimensions: model.manifest.embedding.dimensions }, vectors };
  });
}

function toVector(numbers: number[] | string, field: string): Float32Array {
  const vector = typeof numbers === 'string' ? decodeFloat32(numbers) : Float32Array.from(numbers);
  if (vector.length > limits.dimensions || !isDirection(vector))
    throw new UnlabelError(
      'invalid_parameter',
      `${field} must have 1 to ${limits.dimensions} finite float32 numbers that are not all zero`,
      { field },
    );
  return vector;
}
