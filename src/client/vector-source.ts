import type { Embedding } from '../contract/engine.ts';
import { vectorOf } from '../contract/vector-query.ts';
import type { ModelVector, Numbers } from '../contract/vectors.ts';
import type { VectorSource } from '../contract/wire.ts';
import { encodeFloat32 } from '../util/float32.ts';
import type { Connection } from './connection.ts';
import type { RequestOptions } from './http/service.ts';
import type { HostedImage } from './images/take.ts';
import { embedTask } from './resources/embed.ts';

/** What can be stored: an image, a vector, or an answer of `embed`, whose model is then checked. */
export type ImageOrVector = HostedImage | Numbers | ModelVector;

/** A vector as it is sent; undefined for what is none. */
export function toVector(source: unknown): (VectorSource & { vector: string }) | undefined {
  const given = vectorOf(source);
  return given && { vector: encodeFloat32(given.numbers), ...(given.model && { model: given.model }) };
}

/**
 * Vectors as they are sent; the images among the sources are embedded first, in as few requests as possible. All
 * sources are taken before control returns.
 *
 * @param sources - each with the caller's name for it, in errors.
 */
export async function toVectors(
  connection: Connection,
  model: string | undefined,
  sources: readonly { source: ImageOrVector; field: string }[],
  options?: RequestOptions,
): Promise<VectorSource[]> {
  const vectors = sources.map(({ source }) => toVector(source));
  const images = sources.filter((_, i) => !vectors[i]);
  const embeddings = (await connection.infer(
    embedTask(model),
    images.map(({ source }) => source as HostedImage),
    options,
    (index) => images[index]?.field as string,
  )) as Embedding[];
  const embedded = embeddings.values();
  return vectors.map((vector) => vector ?? (toVector(embedded.next().value) as VectorSource));
}

/** A JSON body. */
export function jsonOf(value: unknown): Blob {
  return new Blob([JSON.stringify(value)], { type: 'application/json' });
}
