import type { Bindings } from '../../../src/server/environment.ts';
import { ClassShelf, type ClassShelfStub } from '../../../src/vectors/class-sets.ts';
import type { NamespaceStub } from '../../../src/vectors/durable.ts';
import { Namespace } from '../../../src/vectors/namespace.ts';
import { settle } from '../../../src/vectors/rpc.ts';
import { memoryStorage } from './sqlite.ts';

/** The Durable Objects of a deployment on SQLite in memory, without a platform around them. */
export function memoryObjects(): Required<Pick<Bindings, 'VECTORS' | 'CLASSES'>> {
  const namespaces = new Map<string, NamespaceStub>();
  const shelf = new ClassShelf(memoryStorage());
  const sets: ClassShelfStub = {
    put: (set) => settle(() => shelf.put(set)),
    get: (name) => settle(() => shelf.get(name)),
    delete: (name) => settle(() => shelf.delete(name)),
    list: () => settle(() => shelf.list()),
  };
  const create = (): NamespaceStub => {
    const storage = memoryStorage();
    const namespace = new Namespace(storage, () => storage.deleteAll());
    return {
      upsert: (...args) => settle(() => namespace.upsert(...args)),
      get: (id) => settle(() => namespace.get(id)),
      delete: (id) => settle(() => namespace.delete(id)),
      clear: () => settle(() => namespace.clear()),
      list: (...args) => settle(() => namespace.list(...args)),
      search: (...args) => settle(() => namespace.search(...args)),
      etag: () => settle(() => namespace.about()?.etag),
      export: () => settle(() => undefined),
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
