import { UnlabelError } from '../contract/errors.ts';
import { galleryNamespace } from '../contract/limits.ts';
import { type ClassStore, durableClasses } from '../vectors/class-shelf.ts';
import { durableStore } from '../vectors/durable.ts';
import type { VectorStore } from '../vectors/store.ts';
import { VectorizeStore } from '../vectors/vectorize.ts';
import type { Bindings, RequestContext } from './environment.ts';

/**
 * The store of a namespace: the gallery of a model, or what the deployment chooses by `VECTOR_STORE`.
 * @param model - whose gallery. Default: that of the default model.
 * @throws UnlabelError `not_supported` where the store's binding is missing.
 */
export function storeOf(
  { env, var: { galleries } }: RequestContext,
  namespace: string,
  model?: string,
): VectorStore {
  if (namespace === galleryNamespace) return galleries.store(model);
  const { VECTOR_STORE = 'durable', VECTORS, VECTORIZE } = env;
  if (VECTOR_STORE === 'durable' && VECTORS) return durableStore(VECTORS);
  if (VECTOR_STORE === 'vectorize' && VECTORIZE) return new VectorizeStore(VECTORIZE);
  throw new UnlabelError(
    'not_supported',
    'This deployment keeps no vectors: it lacks the binding of its store',
  );
}

/** @throws UnlabelError `not_supported` where the binding `CLASSES` is missing. */
export function classesOf({ CLASSES }: Bindings): ClassStore {
  if (CLASSES) return durableClasses(CLASSES);
  throw new UnlabelError('not_supported', 'This deployment keeps no classes: it lacks the binding CLASSES');
}
