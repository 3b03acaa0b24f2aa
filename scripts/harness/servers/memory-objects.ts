import type { Bindings } from '../../../src/server/platform.ts';
import { type ClassSetsStub, ClassSetTable } from '../../../src/vectors/classes/class-sets.ts';
import { inNamespace, type NamespaceStub } from '../../../src/vectors/durable.ts';
import { Namespace } from '../../../src/vectors/namespace/namespace.ts';
import { NamespaceNames } from '../../../src/vectors/namespace/namespace-names.ts';
import { toRpcResult, unwrap } from '../../../src/vectors/rpc.ts';
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
    const own = <Value>(work: () => Value | Promise<Value>) => inNamespace(namespace, work);
    const point = (name: string, to?: string) => unwrap(getByName(name).pointTo(to));
    return {
      upsert: (...args) => own(() => namespace.upsert(...args)),
      check: (...args) => own(() => namespace.check(...args)),
      get: (id) => own(() => namespace.get(id)),
      update: (...args) => own(() => namespace.update(...args)),
      delete: (id) => own(() => namespace.delete(id)),
      deleteWhere: (...args) => own(() => namespace.deleteWhere(...args)),
      clear: () => own(() => namespace.clear()),
      list: (...args) => own(() => namespace.list(...args)),
      search: (...args) => own(() => namespace.search(...args)),
      searchAll: (...args) => own(() => namespace.searchAll(...args)),
      hasName: (name) => toRpcResult(() => names.has(name)),
      addName: (name) => toRpcResult(() => names.add(name)),
      listNames: (...args) => toRpcResult(() => names.list(...args)),
      etag: () => own(() => namespace.about()?.etag),
      export: () => own(() => undefined),
      listAliases: () => toRpcResult(() => names.aliases()),
      putAlias: (alias) => toRpcResult(() => names.putAlias(alias, () => point(alias.name, alias.namespace))),
      deleteAlias: (name) => toRpcResult(() => names.deleteAlias(name, () => point(name))),
      pointTo: (to) => toRpcResult(() => namespace.pointTo(to)),
    };
  };
  const getByName = (name: string) => {
    const stub = namespaces.get(name) ?? create();
    namespaces.set(name, stub);
    return stub;
  };
  return {
    VECTORS: { getByName },
    CLASSES: { getByName: () => sets },
  };
}
