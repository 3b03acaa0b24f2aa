import type { ModelRef } from '../contract/engine.ts';
import type { Match } from '../contract/vectors.ts';
import type { VectorModel } from './models.ts';
import { type ObjectBinding, type Settled, unwrap } from './settled.ts';
import type {
  IndexExport,
  NewVector,
  StoreQuery,
  StoreSearchOptions,
  VectorPage,
  VectorStore,
} from './store.ts';

/** A namespace's Durable Object, as it is called; see `durable-workerd.ts`. */
export interface NamespaceStub {
  upsert(model: ModelRef, vectors: NewVector[]): Promise<Settled<void>>;
  get(id: string): Promise<Settled<NewVector & { model: VectorModel }>>;
  delete(id: string): Promise<Settled<void>>;
  clear(): Promise<Settled<void>>;
  list(limit: number, after?: string): Promise<Settled<VectorPage>>;
  search(
    query: StoreQuery,
    options: StoreSearchOptions,
  ): Promise<Settled<{ model: ModelRef; matches: Match[] }>>;
  etag(): Promise<Settled<string | undefined>>;
  export(): Promise<Settled<IndexExport | undefined>>;
}

/** Each namespace in a Durable Object of its own: exact search, and every write is on disk before it is acknowledged. */
export class DurableStore implements VectorStore {
  readonly #binding: ObjectBinding<NamespaceStub>;

  constructor(binding: ObjectBinding<NamespaceStub>) {
    this.#binding = binding;
  }

  upsert(namespace: string, model: ModelRef, vectors: NewVector[]): Promise<void> {
    return unwrap(this.#binding.getByName(namespace).upsert(model, vectors));
  }

  get(namespace: string, id: string): Promise<NewVector & { model: ModelRef }> {
    return unwrap(this.#binding.getByName(namespace).get(id));
  }

  delete(namespace: string, id: string): Promise<void> {
    return unwrap(this.#binding.getByName(namespace).delete(id));
  }

  clear(namespace: string): Promise<void> {
    return unwrap(this.#binding.getByName(namespace).clear());
  }

  list(namespace: string, limit: number, after?: string): Promise<VectorPage> {
    return unwrap(this.#binding.getByName(namespace).list(limit, after));
  }

  search(namespace: string, query: StoreQuery, options: StoreSearchOptions) {
    return unwrap(this.#binding.getByName(namespace).search(query, options));
  }

  etag(namespace: string): Promise<string | undefined> {
    return unwrap(this.#binding.getByName(namespace).etag());
  }

  export(namespace: string): Promise<IndexExport | undefined> {
    return unwrap(this.#binding.getByName(namespace).export());
  }
}
