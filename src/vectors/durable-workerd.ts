import { DurableObject } from 'cloudflare:workers';
import type { ModelRef } from '../contract/model.ts';
import type { MetadataPatch } from '../contract/resources/vectors.ts';
import type { Filter } from '../contract/vectors.ts';
import type { AliasItem } from '../contract/wire.ts';
import type { ClassSet } from './classes/class-set.ts';
import { type ClassSetsStub, ClassSetTable } from './classes/class-sets.ts';
import { inNamespace, type NamespaceStub } from './durable.ts';
import { Namespace } from './namespace/namespace.ts';
import { NamespaceNames } from './namespace/namespace-names.ts';
import { type ObjectBinding, toRpcResult, unwrap } from './rpc.ts';
import type { StoreQuery } from './search/query.ts';
import type { SqlStorage } from './sql.ts';
import type { NewVector, StoreSearchOptions } from './store.ts';
import type { VectorModel } from './vector-model.ts';

/** The part of a Durable Object's state that is used here. */
interface ObjectState {
  storage: SqlStorage & { deleteAll(): Promise<void> };
}

/**
 * Stores one namespace of vectors. Export it from the Worker and bind it as `VECTORS`, with SQLite.
 *
 * The platform's output gate delays the answer to a write until the write is on disk, so acknowledged writes survive a
 * crash.
 */
export class VectorNamespace extends DurableObject implements NamespaceStub {
  readonly #namespace: Namespace;
  readonly #names: NamespaceNames;
  /** Of all namespaces, as the Worker has them. */
  readonly #objects: ObjectBinding<NamespaceStub>;

  constructor(state: ObjectState, env: unknown) {
    super(state as never, env as never);
    this.#objects = (env as { VECTORS: ObjectBinding<NamespaceStub> }).VECTORS;
    this.#namespace = new Namespace(state.storage, () => state.storage.deleteAll());
    this.#names = new NamespaceNames(state.storage);
  }

  upsert(model: ModelRef, vectors: NewVector[], quota?: number) {
    return this.#own(() => this.#namespace.upsert(model, vectors, quota));
  }

  check(model: VectorModel, ids: readonly string[], quota?: number) {
    return this.#own(() => this.#namespace.check(model, ids, quota));
  }

  get(id: string) {
    return this.#own(() => this.#namespace.get(id));
  }

  delete(id: string) {
    return this.#own(() => this.#namespace.delete(id));
  }

  clear() {
    return this.#own(() => this.#namespace.clear());
  }

  update(id: string, patch: MetadataPatch['metadata']) {
    return this.#own(() => this.#namespace.update(id, patch));
  }

  deleteWhere(filter: Filter, limit: number) {
    return this.#own(() => this.#namespace.deleteWhere(filter, limit));
  }

  list(limit: number, after?: string, filter?: Filter) {
    return this.#own(() => this.#namespace.list(limit, after, filter));
  }

  search(query: StoreQuery, options: StoreSearchOptions) {
    return this.#own(() => this.#namespace.search(query, options));
  }

  searchAll(model: ModelRef, vectors: readonly Float32Array[], options: StoreSearchOptions) {
    return this.#own(() => this.#namespace.searchAll(model, vectors, options));
  }

  /** Of the object of all names. */
  hasName(name: string) {
    return toRpcResult(() => this.#names.has(name));
  }

  /** Of the object of all names. */
  addName(name: string) {
    return toRpcResult(() => this.#names.add(name));
  }

  /** Of the object of all names. */
  listNames(limit: number, after: string) {
    return toRpcResult(() => this.#names.list(limit, after));
  }

  /** Of the object of all names. */
  listAliases() {
    return toRpcResult(() => this.#names.aliases());
  }

  /** Of the object of all names. */
  putAlias(alias: AliasItem) {
    return toRpcResult(() => this.#names.putAlias(alias, () => this.#point(alias.name, alias.namespace)));
  }

  /** Of the object of all names. */
  deleteAlias(name: string) {
    return toRpcResult(() => this.#names.deleteAlias(name, () => this.#point(name)));
  }

  pointTo(namespace: string | undefined) {
    return toRpcResult(() => this.#namespace.pointTo(namespace));
  }

  #point(name: string, namespace?: string) {
    return unwrap(this.#objects.getByName(name).pointTo(namespace));
  }

  /** A call to the namespace, which its name must not be an alias for. */
  #own<Value>(work: () => Value | Promise<Value>) {
    return inNamespace(this.#namespace, work);
  }

  etag() {
    return this.#own(() => this.#namespace.about()?.etag);
  }

  export() {
    return this.#own(() => {
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

/** Stores the sets of classes of a deployment. Export it from the Worker and bind it as `CLASSES`, with SQLite. */
export class ClassSets extends DurableObject implements ClassSetsStub {
  readonly #table: ClassSetTable;

  constructor(state: ObjectState, env: unknown) {
    super(state as never, env as never);
    this.#table = new ClassSetTable(state.storage);
  }

  put(set: ClassSet) {
    return toRpcResult(() => this.#table.put(set));
  }

  check(name: string) {
    return toRpcResult(() => this.#table.check(name));
  }

  get(name: string) {
    return toRpcResult(() => this.#table.get(name));
  }

  delete(name: string) {
    return toRpcResult(() => this.#table.delete(name));
  }

  list() {
    return toRpcResult(() => this.#table.list());
  }
}
