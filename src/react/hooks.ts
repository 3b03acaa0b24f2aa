import type { Engine } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ModelName } from '../contract/model.ts';
import type { EngineState, StoreOptions } from '../local/store/engine-store.ts';
import { useEngine } from './use-engine.ts';

/** Result of {@link useClassifier}. */
export interface Classifier<Model extends string = string> extends EngineState {
  /**
   * Classifies one image or an array of images. The function is the same in every render.
   * @throws UnlabelError as the engine does; `model_unavailable` while the component is not mounted.
   */
  classify: Engine<ImageSource, Model>['classify'];
}

/** Result of {@link useEmbedder}. */
export interface Embedder<Model extends string = string> extends EngineState {
  /**
   * Maps one image or an array of images to unit vectors. The function is the same in every render.
   * @throws UnlabelError as the engine does; `model_unavailable` while the component is not mounted.
   */
  embed: Engine<ImageSource, Model>['embed'];
}

/** Result of {@link useSearch}. */
export interface Searcher<Model extends string = string> extends EngineState {
  /**
   * Finds the stored vectors most similar to an image, a vector or another stored one. The function is the same in
   * every render.
   * @throws UnlabelError as the engine does; `model_unavailable` while the component is not mounted.
   */
  search: Engine<ImageSource, Model>['search'];
}

/**
 * Runs a model in this page while the component is mounted. It loads when the component mounts, and again when an
 * option changes; calls wait for it.
 *
 * ```tsx
 * const { status, progress, classify, error } = useClassifier({ model: 'cifar10', baseUrl });
 * ```
 *
 * Needs the optional peer `react`.
 */
export function useClassifier<Model extends ModelName = string>(
  options: StoreOptions<Model>,
): Classifier<Model> {
  const { state, calls } = useEngine(options);
  return { ...state, classify: calls.classify };
}

/** As {@link useClassifier}, for embeddings. */
export function useEmbedder<Model extends ModelName = string>(options: StoreOptions<Model>): Embedder<Model> {
  const { state, calls } = useEngine(options);
  return { ...state, embed: calls.embed };
}

/** As {@link useClassifier}, for searches. */
export function useSearch<Model extends ModelName = string>(options: StoreOptions<Model>): Searcher<Model> {
  const { state, calls } = useEngine(options);
  return { ...state, search: calls.search };
}
