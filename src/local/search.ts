import type { Embedding } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { defaultMatches, defaultNamespace, limits } from '../contract/limits.ts';
import type { Device } from '../contract/model.ts';
import { isId, vectorOf } from '../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../contract/vectors.ts';
import { abortable } from '../util/abortable.ts';
import type { LoadedIndex } from '../vectors/loaded-index.ts';
import type { StoreQuery } from '../vectors/store.ts';
import { isDirection, type VectorModel } from '../vectors/vector-model.ts';
import type { Deployment } from './files/deployment.ts';
import { getIndex } from './files/index-file.ts';

/** What searches in the page need of their engine. */
export interface SearchParts<Model extends string> {
  embed(
    images: readonly ImageSource[],
    options: SearchOptions,
    nameOf: (index: number) => string,
  ): Promise<Embedding<Model>[]>;
  /** The engine's own model; a vector without a model is taken to be of it. */
  model(): Promise<VectorModel & { device: Device }>;
  deployment: Deployment;
  /** Ends downloads. */
  lifetime: AbortSignal;
}

/** Searches of several queries in namespaces that are downloaded into the page. */
export function createSearch<Model extends string>({
  embed,
  model,
  deployment,
  lifetime,
}: SearchParts<Model>) {
  const indexes = new Map<string, Promise<LoadedIndex | undefined>>();

  /** A namespace; loaded once, and again after a failure. */
  function load(namespace: string, model: string): Promise<LoadedIndex | undefined> {
    const loaded = indexes.get(namespace) ?? getIndex(deployment, namespace, model, lifetime);
    loaded.catch(() => indexes.delete(namespace));
    indexes.set(namespace, loaded);
    return loaded;
  }

  /** @param nameOf - name of a query in an error. */
  return async (
    queries: readonly SearchQuery<ImageSource>[],
    options: SearchOptions,
    nameOf: (index: number) => string,
  ): Promise<SearchResult<Model>[]> => {
    const { topK = defaultMatches, namespace = defaultNamespace, filter, signal } = options;
    if (!Number.isInteger(topK) || topK < 1 || topK > limits.matches)
      throw new UnlabelError('invalid_parameter', `topK must be a whole number from 1 to ${limits.matches}`, {
        field: 'topK',
      });
    const { device, ...own } = await abortable(model(), signal);
    const loaded = await abortable(load(namespace, own.name), signal);
    const places = [...queries.keys()].filter((i) => !isId(queries[i]) && !vectorOf(queries[i]));
    const images = places.map((place) => queries[place] as ImageSource);
    const embedded = await embed(images, options, (index) => nameOf(places[index] as number));
    return queries.map((query, i) => {
      const wanted = isId(query)
        ? { id: query.id }
        : toQuery(vectorOf(query) ?? vectorOf(embedded[places.indexOf(i)]), own);
      const { name, version } = loaded?.model ?? ('model' in wanted ? wanted.model : own);
      const matches = loaded?.search(wanted, { topK, filter }) ?? [];
      return { model: { name: name as Model, version }, matches, source: 'local', device };
    });
  };
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
