import { UnlabelError } from '../contract/errors.ts';
import { type ClassStore, durableClasses } from '../vectors/class-shelf.ts';
import { durableStore } from '../vectors/durable.ts';
import type { VectorStore } from '../vectors/store.ts';
import { VectorizeStore } from '../vectors/vectorize.ts';
import type { Bindings } from './environment.ts';

/**
 * The store that the deployment chooses by `VECTOR_STORE`.
 * @throws UnlabelError `not_supported` where its binding is missing.
 */
export function storeOf({ VECTOR_STORE = 'durable', VECTORS, VECTORIZE }: Bindings): VectorStore {
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
