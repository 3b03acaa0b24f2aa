import { UnlabelError } from '../../contract/errors.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import { defaultMatches, defaultNamespace, limits } from '../../contract/limits.ts';
import { checkDiversity, checkMinScore } from '../../contract/rules/known.ts';
import { checkName } from '../../contract/rules/names.ts';
import { isId, vectorOf } from '../../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../../contract/vectors.ts';
import { abortable } from '../../util/abortable.ts';
import type { MemoryIndex } from '../../vectors/memory-index.ts';
import { type StoreQuery, vectorNotFound } from '../../vectors/store.ts';
import type { VectorModel } from '../../vectors/vector-model.ts';
import { type EngineParts, readVector, vectorModelOf } from '../data/sources.ts';

/** Finds a namespace; undefined where it is empty. */
export type IndexOf = (namespace: string, signal?: AbortSignal) => Promise<MemoryIndex | undefined>;

/** Searches of several queries in namespaces that are in the page. */
export function createSearch<Model extends string>({ embed, open }: EngineParts<Model>, indexOf: IndexOf) {
  /** @param nameOf - name of a query in an error. */
  return async (
    queries: readonly SearchQuery<ImageSource>[],
    options: SearchOptions,
    nameOf: (index: number) => string,
  ): Promise<SearchResult<Model>[]> => {
    const {
      topK = defaultMatches,
      namespace = defaultNamespace,
      filter,
      minScore,
      diversity,
      signal,
    } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.matches)
      throw new UnlabelError('invalid_parameter', `topK must be a whole number from 1 to ${limits.matches}`, {
        field: 'topK',
      });
    checkName(namespace, 'namespace');
    checkMinScore(minScore);
    checkDiversity(diversity);
    const { device, manifest } = await abortable(open(), signal);
    const own = vectorModelOf(manifest);
    const index = await indexOf(namespace, signal);
    const places = [...queries.keys()].filter((i) => !isId(queries[i]) && !vectorOf(queries[i]));
    const images = places.map((place) => queries[place] as ImageSource);
    const embedded = await embed(images, options, (place) => nameOf(places[place] as number));
    return queries.map((query, i) => {
      const wanted = isId(query)
        ? { id: query.id }
        : toQuery(vectorOf(query) ?? vectorOf(embedded[places.indexOf(i)]), own);
      if ('id' in wanted && !index) throw vectorNotFound();
      const { name, version } = index?.model ?? ('model' in wanted ? wanted.model : own);
      const matches = index?.search(wanted, { topK, filter, minScore, diversity }) ?? [];
      return { model: { name: name as Model, version }, matches, source: 'local', device };
    });
  };
}

function toQuery(given: ReturnType<typeof vectorOf>, own: VectorModel): StoreQuery {
  return { model: given?.model ?? own, vector: readVector(given?.numbers ?? [], 'vector') };
}
