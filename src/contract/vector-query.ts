import type { ModelRef } from './model.ts';
import type { Numbers } from './vectors.ts';

/** Numbers of a vector, and the model that made it where that is known. */
export interface GivenVector {
  numbers: Numbers;
  model?: ModelRef | undefined;
}

/** The vector that something is or has; undefined for an image or an id. */
export function vectorOf(source: unknown): GivenVector | undefined {
  if (source instanceof Float32Array || (Array.isArray(source) && typeof source[0] === 'number'))
    return { numbers: source };
  const { embedding, model } = Object(source) as { embedding?: Float32Array; model?: ModelRef };
  return embedding && model && { numbers: embedding, model };
}

/** Tells `{ id }` from an image. An image element may have an id too, but no other prototype's objects are written by hand. */
export function isId(query: unknown): query is { id: string } {
  return (
    Object.getPrototypeOf(query) === Object.prototype && typeof (query as { id?: unknown }).id === 'string'
  );
}
