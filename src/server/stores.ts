import { UnlabelError } from '../contract/errors.ts';
import { galleryNamespace, limits } from '../contract/limits.ts';
import { timeout } from '../util/timeout.ts';
import { type AliasStore, durableAliases } from '../vectors/aliases.ts';
import { classesNotFound } from '../vectors/classes/class-set.ts';
import { type ClassStore, durableClasses } from '../vectors/classes/class-sets.ts';
import { durableNames, durableStore, foreignNamespace, type NamesAfter } from '../vectors/durable.ts';
import { emptyNamespace, type VectorStore } from '../vectors/store.ts';
import { VectorizeStore } from '../vectors/vectorize/store.ts';
import type { RequestContext } from './environment.ts';
import { checkOrigin } from './middleware/origins.ts';
import type { Bindings } from './platform.ts';

/**
 * The store of a namespace: the gallery of a model, which every key may read, or the store of `VECTOR_STORE`, in which
 * a key of some namespaces finds every other one empty. Its calls throw `store_unavailable` where it fails or takes
 * too long.
 * @param model - whose gallery. Default: that of the default model.
 * @throws UnlabelError `not_supported` where the store's binding is missing.
 */
export function storeOf(c: RequestContext, namespace: string, model?: string): VectorStore {
  if (namespace === galleryNamespace) return c.var.galleries.store(model);
  checkOrigin(c);
  const mayUse = mayUseOf(c);
  const store = chosenStore(c.env, c.var.knownNamespaces, mayUse);
  return withTimeout(mayUse(namespace) ? store : namespaceOfOthers);
}

/**
 * The aliases of namespaces. A key of some namespaces sees, sets and deletes those of which it may use both names.
 * @throws UnlabelError `not_supported` where the store has none.
 */
export function aliasesOf(c: RequestContext): AliasStore {
  checkOrigin(c);
  return withTimeout(durableAliases(durableBinding(c.env, 'has no aliases'), mayUseOf(c)));
}

/** Tells which namespaces the key of a request is for. */
function mayUseOf(c: RequestContext): (namespace: string) => boolean {
  const namespaces = c.var.key?.namespaces;
  return (namespace) => !namespaces || namespaces.includes(namespace);
}

function durableBinding({ VECTOR_STORE = 'durable', VECTORS }: Bindings, otherwise: string) {
  if (VECTOR_STORE === 'durable' && VECTORS) return VECTORS;
  throw new UnlabelError('not_supported', `The store of this deployment ${otherwise}`);
}

/**
 * The sets of classes. They belong to no namespace: a key of some namespaces finds none.
 * @throws UnlabelError `not_supported` where the binding `CLASSES` is missing.
 */
export function classesOf(c: RequestContext): ClassStore {
  checkOrigin(c);
  const { CLASSES } = c.env;
  if (!CLASSES)
    throw new UnlabelError('not_supported', 'This deployment keeps no classes: it lacks the binding CLASSES');
  return withTimeout(c.var.key?.namespaces ? emptyClasses : durableClasses(CLASSES));
}

function chosenStore(
  { VECTOR_STORE = 'durable', VECTORS, VECTORIZE }: Bindings,
  known: Set<string>,
  mayUse: (namespace: string) => boolean,
): VectorStore {
  if (VECTOR_STORE === 'durable' && VECTORS) return durableStore(VECTORS, known, mayUse);
  if (VECTOR_STORE === 'vectorize' && VECTORIZE) return new VectorizeStore(VECTORIZE);
  throw new UnlabelError(
    'not_supported',
    'This deployment keeps no vectors: it lacks the binding of its store',
  );
}

/** Bounds every call of a store in time. */
function withTimeout<Store extends VectorStore | ClassStore | AliasStore>(store: Store): Store {
  return new Proxy(store, {
    get(target, method) {
      const call = Reflect.get(target, method) as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => inTime(() => call.apply(target, args));
    },
  });
}

/** @param call - may also throw before it returns a promise. */
async function inTime<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await timeout(call(), limits.storeMs, () => new Error(`no answer within ${limits.storeMs} ms`));
  } catch (cause) {
    if (cause instanceof UnlabelError) throw cause;
    const detail = 'The store fails, or does not answer in time: try again';
    throw new UnlabelError('store_unavailable', detail, { cause });
  }
}

/**
 * Names of the namespaces that a caller may see, whether they have vectors or not; without the gallery.
 * @throws UnlabelError `not_supported` where the store has no list of them.
 */
export function namesOf(c: RequestContext): NamesAfter {
  checkOrigin(c);
  const own = c.var.key?.namespaces;
  const binding = durableBinding(c.env, 'cannot list its namespaces');
  const names = durableNames(binding);
  if (!own) return (limit, after) => inTime(() => names(limit, after));
  return async (limit, after) => {
    // Also those that the key may not use: they are no namespaces.
    const all = await inTime(() => durableAliases(binding, () => true).list());
    const aliases = new Set(all.map(({ name }) => name));
    return own
      .filter((name) => name > after && name !== galleryNamespace && !aliases.has(name))
      .sort()
      .slice(0, limit);
  };
}

/** How a namespace of others looks. */
const namespaceOfOthers: VectorStore = {
  ...emptyNamespace,
  upsert: refuse,
  check: refuse,
  update: refuse,
  delete: refuse,
  deleteWhere: refuse,
  clear: refuse,
};

/** How sets of classes look to a key of some namespaces. */
const emptyClasses: ClassStore = {
  put: refuse,
  check: refuse,
  delete: refuse,
  async get() {
    throw classesNotFound();
  },
  async list() {
    return [];
  },
};

async function refuse(): Promise<never> {
  throw foreignNamespace();
}
