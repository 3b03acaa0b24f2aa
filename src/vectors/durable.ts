import { namesObject } from './namespace/namespace-names.ts';
import { type ObjectBinding, type RpcResult, unwrap } from './rpc.ts';
import { emptyNamespace, type VectorStore } from './store.ts';

/**
 * A namespace's Durable Object, as it is called: the methods of a store without the name; and the object of all names.
 * See `durable-workerd.ts`.
 */
export type NamespaceStub = {
  [Method in keyof VectorStore]: VectorStore[Method] extends (
    namespace: string,
    ...args: infer Args
  ) => Promise<infer Result>
    ? (...args: Args) => Promise<RpcResult<Result>>
    : never;
} & {
  hasName(name: string): Promise<RpcResult<boolean>>;
  addName(name: string): Promise<RpcResult<void>>;
  listNames(limit: number, after: string): Promise<RpcResult<string[]>>;
};

/** Names of namespaces that were ever written to, in order. */
export type NamesAfter = (limit: number, after: string) => Promise<string[]>;

/** The names of all namespaces of {@link durableStore}. */
export function durableNames(binding: ObjectBinding<NamespaceStub>): NamesAfter {
  return (limit, after) => unwrap(binding.getByName(namesObject).listNames(limit, after));
}

/**
 * Each namespace in a Durable Object of its own: exact search, and a write is on disk before it is acknowledged.
 * @param known - names that were written to, as far as this isolate knows; grows.
 */
export function durableStore(binding: ObjectBinding<NamespaceStub>, known: Set<string>): VectorStore {
  const object = (namespace: string) => binding.getByName(namespace);
  /** An object for reading; undefined where nobody wrote to the namespace. */
  const find = async (namespace: string) => {
    if (!known.has(namespace)) {
      if (!(await unwrap(object(namesObject).hasName(namespace)))) return undefined;
      known.add(namespace);
    }
    return object(namespace);
  };
  const create = async (namespace: string) => {
    if (!known.has(namespace)) await unwrap(object(namesObject).addName(namespace));
    known.add(namespace);
    return object(namespace);
  };
  const empty = emptyNamespace;
  return {
    upsert: async (name, ...args) => unwrap((await create(name)).upsert(...args)),
    check: async (name, ...args) => unwrap((await create(name)).check(...args)),
    update: async (name, ...args) =>
      unwrap((await find(name))?.update(...args) ?? reply(empty.update(name, ...args))),
    delete: async (name, id) => unwrap((await find(name))?.delete(id) ?? nothing),
    deleteWhere: async (name, ...args) =>
      unwrap(
        (await find(name))?.deleteWhere(...args) ?? reply(Promise.resolve({ deleted: 0, hasMore: false })),
      ),
    clear: async (name) => unwrap((await find(name))?.clear() ?? nothing),
    get: async (name, id) => unwrap((await find(name))?.get(id) ?? reply(empty.get(name, id))),
    list: async (name, ...args) =>
      unwrap((await find(name))?.list(...args) ?? reply(empty.list(name, ...args))),
    search: async (name, ...args) =>
      unwrap((await find(name))?.search(...args) ?? reply(empty.search(name, ...args))),
    searchAll: async (name, ...args) =>
      unwrap((await find(name))?.searchAll(...args) ?? reply(empty.searchAll(name, ...args))),
    etag: async (name) => unwrap((await find(name))?.etag() ?? reply(empty.etag(name))),
    export: async (name) => unwrap((await find(name))?.export() ?? reply(empty.export(name))),
  };
}

const nothing: Promise<RpcResult<void>> = Promise.resolve({ value: undefined });

/** An answer of this isolate, as that of an object. */
async function reply<Value>(answer: Promise<Value>): Promise<RpcResult<Value>> {
  return { value: await answer };
}
