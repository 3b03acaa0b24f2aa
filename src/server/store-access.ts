import { UnlabelError } from '../contract/errors.ts';
import type { ClassStore } from '../vectors/class-sets.ts';
import { type VectorStore, vectorNotFound } from '../vectors/store.ts';

/** A store for a key of some namespaces: any other looks empty, and cannot be written to. */
export function onlyIn(namespaces: readonly string[], store: VectorStore): VectorStore {
  return new Proxy(store, {
    get(target, method) {
      return (namespace: string, ...args: unknown[]) => {
        const seen = namespaces.includes(namespace) ? target : nothing;
        return Reflect.get(seen, method).call(seen, namespace, ...args);
      };
    },
  });
}

/** How another's namespace looks. */
const nothing: VectorStore = {
  upsert: refuse,
  delete: refuse,
  clear: refuse,
  async get() {
    throw vectorNotFound();
  },
  async list() {
    return { model: undefined, count: 0, vectors: [], hasMore: false };
  },
  async search(_, query) {
    if ('id' in query) throw vectorNotFound();
    return { model: query.model, matches: [] };
  },
  async etag() {
    return undefined;
  },
  async export() {
    return undefined;
  },
};

/** The sets of classes for a key of some namespaces. */
export const noClasses: ClassStore = {
  put: refuse,
  delete: refuse,
  async get() {
    throw new UnlabelError('classes_not_found', 'There is no set of classes of that name', {
      field: 'classes',
    });
  },
  async list() {
    return [];
  },
};

async function refuse(): Promise<never> {
  throw new UnlabelError('forbidden', 'The API key is for other namespaces');
}
