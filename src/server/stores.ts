import { UnlabelError } from '../contract/errors.ts';
import { galleryNamespace, limits } from '../contract/limits.ts';
import { timeout } from '../util/timeout.ts';
import { type ClassStore, durableClasses } from '../vectors/class-sets.ts';
import { durableStore } from '../vectors/durable.ts';
import type { VectorStore } from '../vectors/store.ts';
import { VectorizeStore } from '../vectors/vectorize.ts';
import type { Bindings, RequestContext } from './environment.ts';
import { noClasses, onlyIn } from './store-access.ts';

/**
 * The store of a namespace: the gallery of a model, which is for every key as the model is, or what the deployment
 * chooses by `VECTOR_STORE`, as the key of the request may see it. Its calls throw `store_unavailable` where it fails or takes too long.
 * @param model - whose gallery. Default: that of the default model.
 * @throws UnlabelError `not_supported` where the store's binding is missing.
 */
export function storeOf(c: RequestContext, namespace: string, model?: string): VectorStore {
  if (namespace === galleryNamespace) return c.var.galleries.store(model);
  const store = inTime(chosenStore(c.env));
  const namespaces = c.var.key?.namespaces;
  return namespaces ? onlyIn(namespaces, store) : store;
}

/**
 * The sets of classes, which belong to no namespace; as {@link storeOf}.
 * @throws UnlabelError `not_supported` where the binding `CLASSES` is missing.
 */
export function classesOf(c: RequestContext): ClassStore {
  const { CLASSES } = c.env;
  if (!CLASSES)
    throw new UnlabelError('not_supported', 'This deployment keeps no classes: it lacks the binding CLASSES');
  return c.var.key?.namespaces ? noClasses : inTime(durableClasses(CLASSES));
}

function chosenStore({ VECTOR_STORE = 'durable', VECTORS, VECTORIZE }: Bindings): VectorStore {
  if (VECTOR_STORE === 'durable' && VECTORS) return durableStore(VECTORS);
  if (VECTOR_STORE === 'vectorize' && VECTORIZE) return new VectorizeStore(VECTORIZE);
  throw new UnlabelError(
    'not_supported',
    'This deployment keeps no vectors: it lacks the binding of its store',
  );
}

/** Bounds every call of a store in time. */
function inTime<Store extends VectorStore | ClassStore>(store: Store): Store {
  return new Proxy(store, {
    get(target, method) {
      const call = Reflect.get(target, method) as (...args: unknown[]) => Promise<unknown>;
      return (...args: unknown[]) => answerOf(async () => call.apply(target, args));
    },
  });
}

async function answerOf<Answer>(call: () => Promise<Answer>): Promise<Answer> {
  try {
    const late = () => new Error(`no answer within ${limits.storeMs} ms`);
    return await timeout(call(), limits.storeMs, late);
  } catch (cause) {
    if (cause instanceof UnlabelError) throw cause;
    throw new UnlabelError('store_unavailable', 'The store fails, or does not answer in time', { cause });
  }
}
