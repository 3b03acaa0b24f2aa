import type { Embedding } from '../../contract/engine.ts';
import { UnlabelError } from '../../contract/errors.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import { limits } from '../../contract/limits.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Device, ImageOptions } from '../../contract/model.ts';
import { partOf } from '../../contract/rules/region.ts';
import { vectorOf } from '../../contract/vector-query.ts';
import type { Embeddable, Numbers } from '../../contract/vectors.ts';
import { checkModel, isDirection, type VectorModel } from '../../vectors/vector-model.ts';
import type { InferOptions } from '../network.ts';

/** What the page's own data and its lookups need of their engine. */
export interface EngineParts<Model extends string = string> {
  /** @param nameOf - name of an image in an error. */
  embed(
    images: readonly ImageSource[],
    options: InferOptions,
    nameOf: (index: number) => string,
  ): Promise<Embedding<Model>[]>;
  /** The engine's own model, once it is loaded; a vector without a model is taken to be of it. */
  open(): Promise<{ manifest: Manifest; device: Device }>;
}

/** What there is an embedding of, and its name in errors. */
export interface NamedSource {
  source: Embeddable<ImageSource>;
  field: string;
}

/**
 * The vectors of some sources, all of one model; the images among them are embedded.
 * @param sources - at least one, as they were when the call began.
 * @param nameOf - name of the numbers of a source in errors. Default: that of the source.
 * @throws UnlabelError `model_mismatch`, or for what is neither a vector nor an image.
 */
export async function toVectors(
  { embed, open }: EngineParts,
  sources: readonly NamedSource[],
  options: ImageOptions,
  nameOf = (field: string) => field,
): Promise<{ model: VectorModel; vectors: Float32Array[] }> {
  const given = sources.map(({ source, field }) => {
    const vector = vectorOf(source);
    return vector && { numbers: readVector(vector.numbers, nameOf(field)), model: vector.model };
  });
  const images = sources.flatMap(({ source, field }, i) =>
    given[i] ? [] : [{ ...partOf(source as ImageSource, field), field }],
  );
  const embedded = await embed(
    images.map(({ source }) => source),
    { ...options, regions: images.map(({ region }) => region) },
    (index) => images[index]?.field as string,
  );
  const [first] = given;
  // A vector that names no model must at least have the length of the engine's.
  const expected =
    images.length === 0 && first?.model
      ? { ...first.model, dimensions: first.numbers.length }
      : vectorModelOf((await open()).manifest);
  const vectors = given.map((vector) => vector?.numbers ?? (embedded.shift()?.embedding as Float32Array));
  for (const [i, { length: dimensions }] of vectors.entries())
    checkModel(expected, { ...(given[i]?.model ?? expected), dimensions });
  return { model: expected, vectors };
}

/** A model, as that of a vector. */
export function vectorModelOf({ name, version, embedding }: Manifest): VectorModel {
  return { name, version, dimensions: embedding.dimensions };
}

/**
 * A vector as it is stored.
 * @throws UnlabelError `invalid_parameter`.
 */
export function readVector(numbers: Numbers, field: string): Float32Array {
  const vector = Float32Array.from(numbers);
  if (vector.length > limits.dimensions || !isDirection(vector))
    throw new UnlabelError(
      'invalid_parameter',
      `${field} must have 1 to ${limits.dimensions} finite float32 numbers that are not all zero`,
      { field },
    );
  return vector;
}
