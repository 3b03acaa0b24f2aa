import { brandOf, isPlain } from './image-source.ts';
import type { ModelRef } from './model.ts';
import type { Examples, Numbers } from './vectors.ts';

/** Numbers of a vector, and the model that made it where that is known. */
export interface GivenVector {
  numbers: Numbers;
  model?: ModelRef | undefined;
}

/** The vector that something is or has; undefined for an image or an id. */
export function vectorOf(source: unknown): GivenVector | undefined {
  if (isNumbers(source)) return { numbers: source };
  const { embedding, model } = Object(source) as { embedding?: unknown; model?: ModelRef };
  return model && isNumbers(embedding) ? { numbers: embedding, model } : undefined;
}

/** Tells a vector from an image: an array of floats of any realm and width, or an array that begins with a number. */
function isNumbers(source: unknown): source is Numbers {
  return Array.isArray(source)
    ? typeof source[0] === 'number'
    : /^Float(16|32|64)Array$/.test(brandOf(source));
}

/** Tells examples from an image. */
export function isExamples(query: unknown): query is Examples<unknown> {
  return isPlain(query) && ('like' in query || 'dislike' in query);
}

/** Tells `{ id }` from an image: an image element may have an id too, but is no plain object. */
export function isId(query: unknown): query is { id: string } {
  return isPlain(query) && typeof query.id === 'string';
}
