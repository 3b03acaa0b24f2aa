import { UnlabelError } from '../../contract/errors.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import { defaultMatches, defaultNamespace, limits } from '../../contract/limits.ts';
import { mapExamples } from '../../contract/rules/examples.ts';
import { checkDiversity, checkMinScore } from '../../contract/rules/known.ts';
import { checkName } from '../../contract/rules/names.ts';
import { isExamples, isId, vectorOf } from '../../contract/vector-query.ts';
import type { Examples, SearchOptions, SearchQuery, SearchResult } from '../../contract/vectors.ts';
import { abortable } from '../../util/abortable.ts';
import type { MemoryIndex } from '../../vectors/memory-index.ts';
import type { StoreQuery } from '../../vectors/search/query.ts';
import { emptyNamespace } from '../../vectors/store.ts';
import type { VectorModel } from '../../vectors/vector-model.ts';
import { type EngineParts, type NamedSource, readVector, toVectors, vectorModelOf } from '../data/sources.ts';
import { listNameOf } from '../take-call.ts';

/** Finds a namespace; undefined where it is empty. */
export type IndexOf = (namespace: string, signal?: AbortSignal) => Promise<MemoryIndex | undefined>;

/** Searches of several queries in namespaces that are in the page. */
export function createSearch<Model extends string>(parts: EngineParts<Model>, indexOf: IndexOf) {
  const { embed, open } = parts;

  /** The examples of a query; the images among them are embedded. */
  async function readExamples(
    query: Examples<ImageSource>,
    name: string | undefined,
    options: SearchOptions,
  ): Promise<StoreQuery> {
    type Named = { source: NamedSource['source'] | { id: string }; field: string };
    const { like, dislike } = mapExamples(query, name, (source, field): Named => ({ source, field }));
    const all = [...like, ...dislike];
    const isSource = (example: Named): example is NamedSource => !isId(example.source);
    const sources = all.filter(isSource);
    const read =
      sources.length > 0
        ? await toVectors(parts, sources, options, (field) => `${field}.vector`)
        : { model: undefined, vectors: [] };
    const examples = all.map(({ source }) =>
      isId(source) ? source.id : (read.vectors.shift() as Float32Array),
    );
    return {
      model: read.model,
      like: examples.slice(0, like.length),
      dislike: examples.slice(like.length),
    };
  }

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
    const isImage = (query: unknown) => !(isId(query) || isExamples(query) || vectorOf(query));
    const places = [...queries.keys()].filter((i) => isImage(queries[i]));
    const images = places.map((place) => queries[place] as ImageSource);
    const embedded = await embed(images, options, (place) => nameOf(places[place] as number));
    const results: SearchResult<Model>[] = [];
    for (const [i, query] of queries.entries()) {
      const wanted = isId(query)
        ? { id: query.id }
        : isExamples(query)
          ? await readExamples(query as Examples<ImageSource>, listNameOf(nameOf(i)), options)
          : toQuery(vectorOf(query) ?? vectorOf(embedded[places.indexOf(i)]), own);
      const asked = { topK, filter, minScore, diversity };
      const { model, matches } = index
        ? { model: index.model, matches: index.search(wanted, asked) }
        : await emptyNamespace.search(namespace, wanted, asked);
      const { name, version } = model;
      results.push({ model: { name: name as Model, version }, matches, source: 'local', device });
    }
    return results;
  };
}

function toQuery(given: ReturnType<typeof vectorOf>, own: VectorModel): StoreQuery {
  return { model: given?.model ?? own, vector: readVector(given?.numbers ?? [], 'vector') };
}
