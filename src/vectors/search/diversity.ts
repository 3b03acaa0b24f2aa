import { limits } from '../../contract/limits.ts';
import type { StoreSearchOptions } from '../store.ts';
import { type Candidate, cosine, rank } from './nearest.ts';

/** Nearest vectors that matches are picked from, for each match. */
const poolPerMatch = 5;

/** Number of nearest vectors that the matches of a search are picked from. */
export function poolOf({ topK, diversity = 0 }: StoreSearchOptions): number {
  return diversity > 0 ? Math.min(poolPerMatch * topK, Math.max(topK, limits.matches)) : topK;
}

/**
 * The matches of a search: the nearest vectors; with `diversity`, one after the other the one whose cosine, less that
 * to the most similar match so far, is highest (maximal marginal relevance, Carbonell and Goldstein 1998): the query
 * weighs 1 - diversity, likeness to earlier matches diversity.
 *
 * @param items - at least the {@link poolOf} nearest.
 */
export function pick<Item extends Candidate>(
  items: Iterable<Item>,
  query: Float32Array,
  options: StoreSearchOptions,
): (Item & { score: number })[] {
  const { topK, diversity = 0, minScore = -1 } = options;
  const pool = rank(items, query, poolOf(options)).filter(({ score }) => score >= minScore);
  if (diversity === 0) return pool;
  const picked: typeof pool = [];
  const likeness = new Map(pool.map((item) => [item, Number.NEGATIVE_INFINITY]));
  const worth = (item: Item & { score: number }) =>
    (1 - diversity) * item.score - (picked.length > 0 ? diversity * (likeness.get(item) as number) : 0);
  while (picked.length < topK && likeness.size > 0) {
    // Of equal ones the nearer: the pool is in that order.
    const best = [...likeness.keys()].reduce((one, other) => (worth(other) > worth(one) ? other : one));
    likeness.delete(best);
    picked.push(best);
    for (const [item, most] of likeness) likeness.set(item, Math.max(most, cosine(item.vector, best.vector)));
  }
  return picked;
}
