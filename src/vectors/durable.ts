import { type ObjectBinding, type RpcResult, unwrap } from './rpc.ts';
import type { VectorStore } from './store.ts';

/** A namespace's Durable Object, as it is called: the methods of a store without the name. See `durable-workerd.ts`. */
export type NamespaceStub = {
  [Method in keyof VectorStore]: VectorStore[Method] extends (
    namespace: string,
    ...args: infer Args
  ) => Promise<infer Result>
    ? (...args: Args) => Promise<RpcResult<Result>>
    : never;
};

/** Each namespace in a Durable Object of its own: exact search, and a write is on disk before it is acknowledged. */
export function durableStore(binding: ObjectBinding<NamespaceStub>): VectorStore {
  const object = (namespace: string) => binding.getByName(namespace);
  return {
    upsert: (namespace, ...args) => unwrap(object(namespace).upsert(...args)),
    check: (namespace, ...args) => unwrap(object(namespace).check(...args)),
    get: (namespace, id) => unwrap(object(namespace).get(id)),
    delete: (namespace, id) => unwrap(object(namespace).delete(id)),
    clear: (namespace) => unwrap(object(namespace).clear()),
    list: (namespace, ...args) => unwrap(object(namespace).list(...args)),
    search: (namespace, ...args) => unwrap(object(namespace).search(...args)),
    searchAll: (namespace, ...args) => unwrap(object(namespace).searchAll(...args)),
    etag: (namespace) => unwrap(object(namespace).etag()),
    export: (namespace) => unwrap(object(namespace).export()),
  };
}
