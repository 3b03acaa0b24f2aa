import type { Embedding } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultMatches, defaultNamespace, limits } from '../contract/limits.ts';
import type { Device } from '../contract/model.ts';
import { isId, vectorOf } from '../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { abortable } from '../util/abortable.ts';
import { isDirection } from '../vectors/index-file.ts';
import type { StoreQuery } from '../vectors/store.ts';
import type { VectorModel } from '../vectors/vector-model.ts';
import { getIndex } from './files/index-file.ts';

/** What a search in the page needs of its engine. */
export interface Searched<Model extends string> {
  embed(images: readonly ImageSource[], options: SearchOptions): Promise<Embedding<Model>[]>;
  /** The engine's own model, which a vector is taken to be of where it does not say. */
  model(): Promise<VectorModel & { device: Device }>;
  /** Where a namespace is, as one file. */
  placeOf(namespace: string, model: string): URL;
  access: Parameters<typeof getIndex>[1];
}

/** `Engine.search` over namespaces that were loaded into the page. */
export function createSearch<Model extends string>({ embed, model, placeOf, access }: Searched<Model>) {
  type Result = SearchResult<Model>;
  const indexes = new Map<string, ReturnType<typeof getIndex>>();

  /** A namespace, loaded once; anew after a failure. */
  function load(namespace: string, model: string): ReturnType<typeof getIndex> {
    const loaded = indexes.get(namespace) ?? getIndex(placeOf(namespace, model), access);
    loaded.catch(() => indexes.delete(namespace));
    indexes.set(namespace, loaded);
    return loaded;
  }

  async function searchAll(
    queries: readonly SearchQuery<ImageSource>[],
    options: SearchOptions,
  ): Promise<Result[]> {
    const { topK = defaultMatches, namespace = defaultNamespace, filter, signal } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.matches)
      throw new UnlabelError('invalid_parameter', `topK must be a whole number from 1 to ${limits.matches}`, {
        field: 'topK',
      });
    const { device, ...own } = await abortable(model(), signal);
    const loaded = await abortable(load(namespace, own.name), signal);
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
