import { DurableObject } from 'cloudflare:workers';
import type { ModelRef } from '../contract/model.ts';
import { type ClassSet, ClassShelf, type ClassShelfStub } from './class-sets.ts';
import type { NamespaceStub } from './durable.ts';
import { Namespace } from './namespace.ts';
import { settle } from './rpc.ts';
import type { SqlStorage } from './sql.ts';
import type { NewVector, StoreQuery, StoreSearchOptions } from './store.ts';

/** What a Durable Object is made with. */
interface ObjectState {
  storage: SqlStorage & { deleteAll(): Promise<void> };
}

/**
 * Keeps one namespace of vectors. Export it from the Worker and bind it as `VECTORS`, with SQLite.
 *
 * The platform holds back the answer to a write until the write is on disk (the output gate), so what a caller sees
 * acknowledged is there after a crash.
 */
export class VectorNamespace extends DurableObject implements NamespaceStub {
  readonly #namespace: Namespace;

  constructor(state: ObjectState, env: unknown) {
    super(state as never, env as never);
    this.#namespace = new Namespace(state.storage, () => state.storage.deleteAll());
  }

  upsert(model: ModelRef, vectors: NewVector[], quota?: number) {
    return settle(() => this.#namespace.upsert(model, vectors, quota));
  }

  get(id: string) {
    return settle(() => this.#namespace.get(id));
  }

  delete(id: string) {
    return settle(() => this.#namespace.delete(id));
  }

  clear() {
    return settle(() => this.#namespace.clear());
  }

  list(limit: number, after?: string) {
    return settle(() => this.#namespace.list(limit, after));
  }

  search(query: StoreQuery, options: StoreSearchOptions) {
    return settle(() => this.#namespace.search(query, options));
  }

  etag() {
    return settle(() => this.#namespace.about()?.etag);
  }

  export() {
    return settle(() => {
      const about = this.#namespace.about();
      if (!about) return undefined;
      const pieces = this.#namespace.export(about);
      const body = new ReadableStream({
        type: 'bytes',
        pull(controller) {
          const { value } = pieces.next();
          if (value) controller.enqueue(value);
          else controller.close();
        },
      });
      return { etag: about.etag, body };
    });
  }
}

/** Keeps the sets of classes of a deployment. Export it from the Worker and bind it as `CLASSES`, with SQLite. */
export class ClassSets extends DurableObject implements ClassShelfStub {
  readonly #shelf: ClassShelf;

  constructor(state: ObjectState, env: unknown) {
    super(state as never, env as never);
    this.#shelf = new ClassShelf(state.storage);
  }

  put(set: ClassSet) {
    return settle(() => this.#shelf.put(set));
  }

  get(name: string) {
    return settle(() => this.#shelf.get(name));
  }

  delete(name: string) {
    return settle(() => this.#shelf.delete(name));
  }

  list() {
    return settle(() => this.#shelf.list());
  }
}
