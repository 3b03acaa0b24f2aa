import { UnlabelError } from '../contract/errors.ts';
import type { ModelRef } from '../contract/model.ts';
import type { MetadataPatch } from '../contract/resources/vectors.ts';
import type { Filter, Match, Metadata } from '../contract/vectors.ts';
import { resolveQuery, type StoreQuery } from './search/query.ts';
import type { VectorModel } from './vector-model.ts';

/** A vector to be stored. */
export interface NewVector {
  id: string;
  /** float32, not all zeros. */
  vector: Float32Array;
  metadata: Metadata;
}

/** A page of a namespace. */
export interface VectorPage {
  /** Model of the namespace; undefined while it is empty. */
  model: ModelRef | undefined;
  /** Vectors in the whole namespace, or those that meet the filter. */
  count: number;
  /** In the order of their ids' UTF-8 bytes. */
  vectors: { id: string; metadata: Metadata }[];
  /** Whether there are more. */
  hasMore: boolean;
}

export interface StoreSearchOptions {
  /** 1 to 100. */
  topK: number;
  filter?: Filter | undefined;
  /** 0 to 1; see `search/diversity.ts`. Default: 0. */
  diversity?: number | undefined;
  /** Least cosine of a match. Default: -1. */
  minScore?: number | undefined;
}

/** A namespace as one file, see `index-file.ts`. */
export interface IndexExport {
  /** Changes with every write. */
  etag: string;
  body: ReadableStream<Uint8Array>;
}

/**
 * Vectors in namespaces, each bound to the model of its first vector until it is empty again. Arguments have been
 * checked against the limits of the API.
 *
 * Every method may throw UnlabelError `not_supported`.
 */
export interface VectorStore {
  /**
   * Adds vectors, or replaces those of the same ids; all or none. Resolves when they are stored.
   * @param quota - caps the namespace at this many vectors; replacements still work. Default: as many as fit.
   * @throws UnlabelError `model_mismatch`, `quota_exceeded`; `not_supported` where the store cannot enforce a quota.
   */
  upsert(namespace: string, model: ModelRef, vectors: NewVector[], quota?: number): Promise<void>;
  /**
   * Checks a write before its vectors are computed.
   * @param ids - of the vectors.
   * @throws UnlabelError as {@link upsert} would.
   */
  check(namespace: string, model: VectorModel, ids: readonly string[], quota?: number): Promise<void>;
  /** @throws UnlabelError `vector_not_found`. */
  get(namespace: string, id: string): Promise<NewVector & { model: ModelRef }>;
  /**
   * Changes the metadata of a vector, as `patchMetadata` does.
   * @returns the metadata after.
   * @throws UnlabelError `vector_not_found`, `invalid_parameter`.
   */
  update(namespace: string, id: string, patch: MetadataPatch['metadata']): Promise<Metadata>;
  /** Resolves when there is no vector of that id any more. */
  delete(namespace: string, id: string): Promise<void>;
  /** Deletes the first vectors, by id, that meet a filter; all or none of them. */
  deleteWhere(
    namespace: string,
    filter: Filter,
    limit: number,
  ): Promise<{ deleted: number; hasMore: boolean }>;
  /** Resolves when the namespace is empty. */
  clear(namespace: string): Promise<void>;
  /** @param after - id that the page comes after; from the start where undefined. */
  list(
    namespace: string,
    limit: number,
    after: string | undefined,
    filter?: Filter | undefined,
  ): Promise<VectorPage>;
  /**
   * The nearest vectors by cosine. Those that the query names by id are left out.
   * @returns the model of the namespace, or that of the query where it is empty.
   * @throws UnlabelError `model_mismatch`, `vector_not_found`.
   */
  search(
    namespace: string,
    query: StoreQuery,
    options: StoreSearchOptions,
  ): Promise<{ model: ModelRef; matches: Match[] }>;
  /**
   * The nearest vectors of each of several, with one pass over the metadata for all.
   * @throws UnlabelError `model_mismatch`.
   */
  searchAll(
    namespace: string,
    model: ModelRef,
    vectors: readonly Float32Array[],
    options: StoreSearchOptions,
  ): Promise<Match[][]>;
  /** ETag of {@link export}; undefined while the namespace is empty. */
  etag(namespace: string): Promise<string | undefined>;
  /** @returns undefined while the namespace is empty. */
  export(namespace: string): Promise<IndexExport | undefined>;
}

/** What {@link VectorStore.get} throws. */
export function vectorNotFound(): UnlabelError {
  return new UnlabelError('vector_not_found', 'The namespace has no vector of that id', { field: 'id' });
}

/** What reading an empty namespace gives. */
export const emptyNamespace: Omit<VectorStore, 'upsert' | 'check' | 'delete' | 'deleteWhere' | 'clear'> = {
  async get() {
    throw vectorNotFound();
  },
  async update() {
    throw vectorNotFound();
  },
  async list() {
    return { model: undefined, count: 0, vectors: [], hasMore: false };
  },
  async search(_, query) {
    const nothing = () => {
      throw vectorNotFound();
    };
    return { model: resolveQuery(query, nothing).model, matches: [] };
  },
  async searchAll(_, __, vectors) {
    return vectors.map(() => []);
  },
  async etag() {
    return undefined;
  },
  async export() {
    return undefined;
  },
};
