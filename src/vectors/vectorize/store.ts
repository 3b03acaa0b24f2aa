import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { ModelRef } from '../../contract/model.ts';
import type { MetadataPatch } from '../../contract/resources/vectors.ts';
import { atLeast } from '../../contract/rules/known.ts';
import { patchMetadata } from '../../contract/rules/names.ts';
import type { Match, Metadata } from '../../contract/vectors.ts';
import { idsOf, resolveQuery, type StoreQuery } from '../search/query.ts';
import { type NewVector, type StoreSearchOptions, type VectorStore, vectorNotFound } from '../store.ts';
import { checkModel, type VectorModel } from '../vector-model.ts';
import { translateFilter, type VectorizeFilter } from './filter.ts';

type Values = Float32Array | number[];
type AnyMetadata = Record<string, unknown>;

/** The part of a Vectorize binding that is used here; `Vectorize` of @cloudflare/workers-types has it. */
export interface VectorizeBinding {
  describe(): Promise<{ dimensions: number }>;
  query(
    vector: Values,
    options: { topK: number; namespace: string; returnMetadata: 'all' | 'none'; filter?: VectorizeFilter },
  ): Promise<{ matches: { id: string; score: number; metadata?: AnyMetadata }[] }>;
  upsert(vectors: { id: string; namespace: string; values: Values; metadata: Metadata }[]): Promise<unknown>;
  deleteByIds(ids: string[]): Promise<unknown>;
  getByIds(ids: string[]): Promise<{ id: string; values: ArrayLike<number>; metadata?: AnyMetadata }[]>;
}

/** Matches that Vectorize returns with their metadata; for more, `getByIds` reads it. */
const matchesWithMetadata = 20;
/** Ids of one `getByIds`. */
const idsPerCall = 20;

/** Our own metadata; the caller's keys begin with a letter. */
const modelName = '_model';
const modelVersion = '_version';

/**
 * Namespaces in one index of Cloudflare Vectorize, for millions of vectors. The index needs the metric cosine, the
 * model's dimensions, and a metadata index for each key that filters use.
 *
 * Differences from the `durable` store: a write is acknowledged when it is accepted, and visible some seconds later;
 * search is approximate; a filter compares the first 64 bytes of a string; there is no list, no `clear`, no export, and
 * no quota, as Vectorize does not count the vectors of a namespace; an id and its namespace have 63 bytes together, as
 * ids are unique in the whole index. A write checks the model of a namespace by searching it: two models that write to
 * an empty one within seconds both succeed, and a search that finds the other's vectors fails.
 */
export class VectorizeStore implements VectorStore {
  readonly #index: VectorizeBinding;

  constructor(index: VectorizeBinding) {
    this.#index = index;
  }

  async upsert(namespace: string, model: ModelRef, vectors: NewVector[], quota?: number): Promise<void> {
    if (quota !== undefined) return notSupported('enforce the quota of an API key');
    const entries = vectors.map(({ id, vector, metadata }) => ({
      id: fullId(namespace, id),
      namespace,
      values: vector,
      metadata: { ...metadata, [modelName]: model.name, [modelVersion]: model.version },
    }));
    // Throws where the namespace has vectors of another model.
    for (const { vector } of vectors.slice(0, 1)) await this.#query(namespace, model, vector, { topK: 1 });
    await this.#index.upsert(entries);
  }

  async check(namespace: string, _: VectorModel, ids: readonly string[], quota?: number): Promise<void> {
    if (quota !== undefined) return notSupported('enforce the quota of an API key');
    for (const id of ids) fullId(namespace, id);
  }

  async get(namespace: string, id: string): Promise<NewVector & { model: ModelRef }> {
    const [found] = await this.#index.getByIds([fullId(namespace, id)]);
    if (!found) throw vectorNotFound();
    return { id, vector: Float32Array.from(found.values), ...split(found.metadata) };
  }

  /** Not atomic: a write of the same vector in between is lost. */
  async update(namespace: string, id: string, patch: MetadataPatch['metadata']): Promise<Metadata> {
    const { vector, model, metadata } = await this.get(namespace, id);
    const after = patchMetadata(metadata, patch);
    await this.upsert(namespace, model, [{ id, vector, metadata: after }]);
    return after;
  }

  async delete(namespace: string, id: string): Promise<void> {
    await this.#index.deleteByIds([fullId(namespace, id)]);
  }

  async search(namespace: string, query: StoreQuery, options: StoreSearchOptions) {
    const ids = idsOf(query);
    const named = await this.#named(namespace, ids);
    const { model, vector } = resolveQuery(query, (id) => {
      const found = named.get(id);
      if (!found) throw vectorNotFound();
      return found;
    });
    const { topK } = options;
    const most = { ...options, topK: Math.min(topK + ids.length, limits.matches) };
    const matches = await this.#query(namespace, model, vector, most);
    return { model, matches: matches.filter(({ id }) => !named.has(id)).slice(0, topK) };
  }

  searchAll(
    namespace: string,
    model: ModelRef,
    vectors: readonly Float32Array[],
    options: StoreSearchOptions,
  ): Promise<Match[][]> {
    return Promise.all(vectors.map((vector) => this.#query(namespace, model, vector, options)));
  }

  deleteWhere(): Promise<never> {
    return notSupported('delete by a filter');
  }

  clear(): Promise<never> {
    return notSupported('empty a namespace');
  }

  list(): Promise<never> {
    return notSupported('list a namespace');
  }

  etag(): Promise<never> {
    return notSupported('export a namespace');
  }

  export(): Promise<never> {
    return notSupported('export a namespace');
  }

  async #query(
    namespace: string,
    { name, version }: ModelRef,
    vector: Float32Array,
    { topK, filter, minScore, diversity = 0 }: StoreSearchOptions,
  ): Promise<Match[]> {
    if (diversity > 0) return notSupported('search with diversity');
    const model = { name, version, dimensions: vector.length };
    const { dimensions } = await this.#index.describe();
    checkModel({ ...model, dimensions }, model);
    const translated = filter && translateFilter(filter);
    if (translated === 'nothing') return [];
    const isComplete = topK <= matchesWithMetadata;
    const { matches } = await this.#index.query(vector, {
      topK,
      namespace,
      returnMetadata: isComplete ? 'all' : 'none',
      ...(translated && { filter: translated }),
    });
    const near = atLeast(matches, minScore);
    return (isComplete ? near : await this.#withMetadata(near)).map(({ id, score, metadata }) => {
      const found = split(metadata);
      checkModel({ ...found.model, dimensions }, model);
      return { id: ownId(namespace, id), score, metadata: found.metadata };
    });
  }

  /** Matches with their metadata, without those that have been deleted meanwhile. */
  async #withMetadata(matches: { id: string; score: number }[]) {
    const found = await this.#getAll(matches.map(({ id }) => id));
    const metadataOf = new Map(found.map(({ id, metadata }) => [id, metadata]));
    return matches.flatMap((match) =>
      metadataOf.has(match.id) ? { ...match, metadata: metadataOf.get(match.id) } : [],
    );
  }

  /** Stored vectors by their ids, as far as there are any. */
  async #named(namespace: string, ids: readonly string[]) {
    const found = await this.#getAll(ids.map((id) => fullId(namespace, id)));
    return new Map(
      found.map(({ id, values, metadata }) => [
        ownId(namespace, id),
        { vector: Float32Array.from(values), model: split(metadata).model },
      ]),
    );
  }

  async #getAll(ids: readonly string[]) {
    const unique = [...new Set(ids)];
    const calls: string[][] = [];
    for (let i = 0; i < unique.length; i += idsPerCall) calls.push(unique.slice(i, i + idsPerCall));
    return (await Promise.all(calls.map((some) => this.#index.getByIds(some)))).flat();
  }
}

/** The caller's id of {@link fullId}. */
function ownId(namespace: string, id: string): string {
  return id.slice(namespace.length + 1);
}

function fullId(namespace: string, id: string): string {
  const full = `${namespace}:${id}`;
  if (new TextEncoder().encode(full).length > limits.vectorIdBytes)
    throw new UnlabelError(
      'invalid_parameter',
      `With this store an id and its namespace must have at most ${limits.vectorIdBytes - 1} bytes together`,
      { field: 'id' },
    );
  return full;
}

/** The caller's metadata, and the model. */
function split(all: AnyMetadata = {}): { metadata: Metadata; model: ModelRef } {
  const { [modelName]: name, [modelVersion]: version, ...metadata } = all as Metadata;
  return { metadata, model: { name: `${name}`, version: `${version}` } };
}

async function notSupported(what: string): Promise<never> {
  throw new UnlabelError('not_supported', `The store \`vectorize\` cannot ${what}`);
}
