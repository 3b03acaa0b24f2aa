import { atField, UnlabelError } from '../../contract/errors.ts';
import type { ModelRef } from '../../contract/model.ts';
import { directionOf, sumOf } from '../classes/prototypes.ts';
import { checkModel } from '../vector-model.ts';

/** An example of a search: the id of a stored vector, or a vector. */
export type StoreExample = string | Float32Array;

/** What to search for; see `Examples` of the contract. */
export type StoreQuery =
  | { model: ModelRef; vector: Float32Array }
  | { id: string }
  | {
      /** Of the vectors; undefined where all examples are ids. */
      model: ModelRef | undefined;
      like: readonly StoreExample[];
      dislike: readonly StoreExample[];
    };

/** Weight of the mean of the disliked, where that of the liked is 1; as Qdrant's `average_vector` has it. */
const dislikeWeight = 0.5;

/** The ids of a query. */
export function idsOf(query: StoreQuery): string[] {
  if ('vector' in query) return [];
  if ('id' in query) return [query.id];
  return [...query.like, ...query.dislike].filter((example) => typeof example === 'string');
}

/**
 * The vector that a query stands for; by server and page alike.
 *
 * @param get - a stored vector and its model; throws where there is none.
 * @throws UnlabelError `model_mismatch`; `invalid_parameter` where examples cancel each other out; what `get` throws.
 */
export function resolveQuery(
  query: StoreQuery,
  get: (id: string) => { vector: Float32Array; model: ModelRef },
): { model: ModelRef; vector: Float32Array } {
  if ('vector' in query) return query;
  if ('id' in query) return get(query.id);
  const read = (list: 'like' | 'dislike') =>
    query[list].map((example, i) => {
      if (typeof example !== 'string') return { vector: example, model: query.model as ModelRef };
      try {
        return get(example);
      } catch (error) {
        throw error instanceof UnlabelError ? atField(error, `${list}[${i}].id`) : error;
      }
    });
  const [liked, disliked] = [read('like'), read('dislike')];
  const [first, ...others] = [...liked, ...disliked].map(({ vector, model: { name, version } }) => ({
    name,
    version,
    dimensions: vector.length,
  }));
  if (!first) throw new TypeError('No examples');
  for (const other of others) checkModel(first, other);
  const vector = rocchio(
    liked.map(({ vector }) => vector),
    disliked.map(({ vector }) => vector),
  );
  if (!vector)
    throw new UnlabelError(
      'invalid_parameter',
      'like and dislike cancel each other out: change the examples',
      {
        field: 'like',
      },
    );
  return { model: { name: first.name, version: first.version }, vector };
}

/** Rocchio's query of relevance feedback; undefined where it has no direction. */
function rocchio(
  liked: readonly Float32Array[],
  disliked: readonly Float32Array[],
): Float32Array | undefined {
  const [toward, away] = [sumOf(liked), sumOf(disliked)];
  const less = dislikeWeight / Math.max(disliked.length, 1);
  return directionOf(toward.map((value, i) => value / liked.length - less * (away[i] ?? 0)));
}
