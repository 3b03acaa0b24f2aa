import { abortable } from '../contract/abortable.ts';
import type { Device, Embedding } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultMatches, defaultNamespace, limits } from '../contract/limits.ts';
import { isId, vectorOf } from '../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { isDirection } from '../vectors/index-file.ts';
import type { LoadedIndex } from '../vectors/loaded-index.ts';
import type { VectorModel } from '../vectors/models.ts';
import type { StoreQuery } from '../vectors/store.ts';

/** What a search in the page needs of its engine. */
export interface Searched<Model extends string> {
  embed(images: readonly ImageSource[], options: SearchOptions): Promise<Embedding<Model>[]>;
  /** The engine's own model, which a vector is taken to be of where it does not say. */
  model(): Promise<VectorModel & { device: Device }>;
  /** A namespace, loaded once; undefined where it is empty. */
  index(namespace: string): Promise<LoadedIndex | undefined>;
}

/** `Engine.search` over namespaces that were loaded into the page. */
export function createSearch<Model extends string>({ embed, model, index }: Searched<Model>) {
  type Result = SearchResult<Model>;

  async function searchAll(
    queries: readonly SearchQuery<ImageSource>[],
    options: SearchOptions,
  ): Promise<Result[]> {
    const { topK = defaultMatches, namespace = defaultNamespace, filter, signal } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.matches)
      throw new UnlabelError('invalid_parameter', `topK must be a whole number from 1 to ${limits.matches}`, {
        field: 'topK',
      });
    const [loaded, { device, ...own }] = await abortable(Promise.all([index(namespace), model()]), signal);
    const images = queries.filter((query) => !isId(query) && !vectorOf(query)) as ImageSource[];
    const embedded = (images.length > 0 ? await embed(images, options) : []).values();
    return queries.map((query) => {
      const wanted = isId(query)
        ? { id: query.id }
        : toQuery(vectorOf(query) ?? vectorOf(embedded.next().value), own);
      const { name, version } = loaded?.model ?? ('model' in wanted ? wanted.model : own);
      const matches = loaded?.search(wanted, { topK, filter }) ?? [];
      return { model: { name: name as Model, version }, matches, source: 'local', device };
    });
  }

  function search(query: SearchQuery<ImageSource>, options?: SearchOptions): Promise<Result>;
  function search(images: readonly ImageSource[], options?: SearchOptions): Promise<Result[]>;
  async function search(
    query: SearchQuery<ImageSource> | readonly ImageSource[],
    options: SearchOptions = {},
  ): Promise<Result | Result[]> {
    if (Array.isArray(query) && !vectorOf(query)) return searchAll(query, options);
    const [result] = await searchAll([query as SearchQuery<ImageSource>], options);
    return result as Result;
  }
  return search;
}

function toQuery(given: ReturnType<typeof vectorOf>, own: VectorModel): StoreQuery {
  const vector = Float32Array.from(given?.numbers ?? []);
  if (vector.length > limits.dimensions || !isDirection(vector))
    throw new UnlabelError(
      'invalid_parameter',
      `vector must have 1 to ${limits.dimensions} finite float32 numbers that are not all zero`,
      { field: 'vector' },
    );
  return { model: given?.model ?? own, vector };
}
