import type { Bindings } from '../../../src/server/platform.ts';
import { type ClassSetsStub, ClassSetTable } from '../../../src/vectors/classes/class-sets.ts';
import type { NamespaceStub } from '../../../src/vectors/durable.ts';
import { Namespace } from '../../../src/vectors/namespace/namespace.ts';
import { NamespaceNames } from '../../../src/vectors/namespace/namespace-names.ts';
import { toRpcResult } from '../../../src/vectors/rpc.ts';
import { memoryStorage } from './sqlite.ts';

/** The Durable Objects of a deployment over in-memory SQLite, in this process. */
export function memoryObjects(): Required<Pick<Bindings, 'VECTORS' | 'CLASSES'>> {
  const namespaces = new Map<string, NamespaceStub>();
  const table = new ClassSetTable(memoryStorage());
  const sets: ClassSetsStub = {
    put: (set) => toRpcResult(() => table.put(set)),
    check: (name) => toRpcResult(() => table.check(name)),
    get: (name) => toRpcResult(() => table.get(name)),
    delete: (name) => toRpcResult(() => table.delete(name)),
    list: () => toRpcResult(() => table.list()),
  };
  const create = (): NamespaceStub => {
    const storage = memoryStorage();
    const names = new NamespaceNames(storage);
    const namespace = new Namespace(storage, () => storage.deleteAll());
    return {
      upsert: (...args) => toRpcResult(() => namespace.upsert(...args)),
      check: (...args) => toRpcResult(() => namespace.check(...args)),
      get: (id) => toRpcResult(() => namespace.get(id)),
      update: (...args) => toRpcResult(() => namespace.update(...args)),
      delete: (id) => toRpcResult(() => namespace.delete(id)),
      deleteWhere: (...args) => toRpcResult(() => namespace.deleteWhere(...args)),
      clear: () => toRpcResult(() => namespace.clear()),
      list: (...args) => toRpcResult(() => namespace.list(...args)),
      search: (...args) => toRpcResult(() => namespace.search(...args)),
      searchAll: (...args) => toRpcResult(() => namespace.searchAll(...args)),
      hasName: (name) => toRpcResult(() => names.has(name)),
      addName: (name) => toRpcResult(() => names.add(name)),
      listNames: (...args) => toRpcResult(() => names.list(...args)),
      etag: () => toRpcResult(() => namespace.about()?.etag),
      export: () => toRpcResult(() => undefined),
    };
  };
  return {
    VECTORS: {
      getByName(name) {
        const stub = namespaces.get(name) ?? create();
        namespaces.set(name, stub);
        return stub;
      },
    },
    CLASSES: { getByName: () => sets },
  };
}
