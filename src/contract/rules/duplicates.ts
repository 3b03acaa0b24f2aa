import { UnlabelError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { CallOptions } from '../model.ts';
import type { DuplicateOptions, DuplicatePair, VectorCollection } from '../resources/vectors.ts';
import type { Match, SearchOptions } from '../vectors.ts';
import { checkMinScore, minScoreRange } from './known.ts';

/** Searches at a time. */
const atOnce = 8;

/** See `VectorCollection.duplicates`. */
export async function* duplicates<Options extends CallOptions>(
  vectors: Pick<VectorCollection<never, Options>, 'list'>,
  search: (query: { id: string }, options: SearchOptions) => Promise<{ matches: Match[] }>,
  { minScore, ...others }: Options & DuplicateOptions,
): AsyncGenerator<DuplicatePair, void> {
  if (minScore === undefined)
    throw new UnlabelError('invalid_parameter', minScoreRange, { field: 'minScore' });
  checkMinScore(minScore);
  const options = others as unknown as Options & DuplicateOptions;
  const seen = new Set<string>();

  const pairsOf = async (ids: readonly string[]) => {
    const found = await Promise.all(
      ids.map((id) =>
        search({ id }, { ...options, minScore, topK: limits.matches }).catch((error) => {
          // Deleted meanwhile.
          if ((error as Partial<UnlabelError>).code === 'vector_not_found') return { matches: [] };
          throw error;
        }),
      ),
    );
    return found.flatMap(({ matches }, i) => {
      const id = ids[i] as string;
      seen.add(id);
      return matches
        .filter((match) => !seen.has(match.id))
        .map((match) => ({ id, other: match.id, score: match.score }));
    });
  };

  let ids: string[] = [];
  for await (const { id } of vectors.list(options)) {
    ids.push(id);
    if (ids.length < atOnce) continue;
    yield* await pairsOf(ids);
    ids = [];
  }
  yield* await pairsOf(ids);
}
