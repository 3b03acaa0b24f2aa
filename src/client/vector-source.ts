import type { Embedding } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { vectorOf } from '../contract/vector-query.ts';
import type { ModelVector, Numbers } from '../contract/vectors.ts';
import type { VectorSource } from '../contract/wire.ts';
import { encodeFloat32 } from '../util/float32.ts';
import type { RequestOptions } from './request.ts';

/** What can be stored: an image, a vector, or an answer of `embed`, whose model is then checked. */
export type ImageOrVector = ImageSource | Numbers | ModelVector;

type Embed = (images: readonly ImageSource[], options?: RequestOptions) => Promise<Embedding[]>;

/** A vector as it is sent; undefined for what is none. */
export function toVector(source: unknown): (VectorSource & { vector: string }) | undefined {
  const given = vectorOf(source);
  return given && { vector: encodeFloat32(given.numbers), ...(given.model && { model: given.model }) };
}

/** Vectors as they are sent; the images among the sources are embedded first, in as few requests as may be. */
export async function toVectors(
  embed: Embed,
  sources: readonly ImageOrVector[],
  options?: RequestOptions,
): Promise<VectorSource[]> {
  const vectors = sources.map(toVector);
  const images = sources.filter((_, i) => !vectors[i]) as ImageSource[];
  const embedded = (await embed(images, options)).values();
  return vectors.map((vector) => vector ?? (toVector(embedded.next().value) as VectorSource));
}

/** A JSON body. */
export function jsonOf(value: unknown): Blob {
  return new Blob([JSON.stringify(value)], { type: 'application/json' });
}
