import { isId, vectorOf } from '../contract/vector-query.ts';
import type { Embeddable } from '../contract/vectors.ts';
import type { VectorSource } from '../contract/wire.ts';
import { encodeFloat32 } from '../util/float32.ts';
import type { HostedImage } from './images/take.ts';

/** What can be stored: an image or a part of one, a vector, or an answer of `embed`, whose model is then checked. */
export type ImageOrVector = Embeddable<HostedImage>;

/** A vector as it is sent; undefined for what is none. */
export function toVector(source: unknown): (VectorSource & { vector: string }) | undefined {
  const given = vectorOf(source);
  return given && { vector: encodeFloat32(given.numbers), ...(given.model && { model: given.model }) };
}

/** The JSON of a vector or an id; undefined for an image. */
export function sentOf(query: unknown): object | undefined {
  return toVector(query) ?? (isId(query) ? { id: query.id } : undefined);
}

/** A JSON body. */
export function jsonOf(value: unknown): Blob {
  return new Blob([JSON.stringify(value)], { type: 'application/json' });
}
