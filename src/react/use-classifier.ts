import { useCallback, useEffect, useRef, useState } from 'react';
import type { ClassifyOptions, Engine } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ModelName } from '../contract/model.ts';
import { createEngine } from '../local/automatic.ts';
import { createLocalEngine } from '../local/engine.ts';
import type { LocalOptions, Progress } from '../local/options.ts';

/** Options of {@link useClassifier}: those of `createLocalEngine`, and an engine that answers beside the page. */
export interface UseClassifierOptions<Model extends string = string>
  extends Omit<LocalOptions<Model>, 'onProgress' | 'signal'> {
  /** A client: it answers while the model loads, and if the page cannot. Create it once, outside of the component. */
  hosted?: Engine<ImageSource, NoInfer<Model>> | undefined;
  /**
   * With {@link hosted}, which engine answers if both can.
   * @default 'local'
   */
  prefer?: 'local' | 'hosted' | undefined;
}

interface State {
  /** State of the model in this page. `loading` on the server and before the first effect. */
  status: 'loading' | 'ready' | 'error';
  /** How much of the weights is downloaded; undefined before the download begins. */
  progress: Progress | undefined;
  /** Why the model could not be loaded. Each call tries again; with `hosted`, `classify` still answers. */
  error: unknown;
}

/** Result of {@link useClassifier}. */
export interface Classifier<Model extends string = string> extends State {
  /**
   * Classifies one image or an array of images. The function is the same in every render.
   * @throws UnlabelError as the engine does; `model_unavailable` while the component is not mounted.
   */
  classify: Engine<ImageSource, Model>['classify'];
}

/** What exists from mount to unmount. */
interface Mounted<Model extends string> {
  classify: Engine<ImageSource, Model>['classify'];
  /** Loads the model unless it is loaded, and updates the state. */
  follow(): void;
}

const loading: State = { status: 'loading', progress: undefined, error: undefined };

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
  options: UseClassifierOptions<Model>,
): Classifier<Model> {
  const { hosted, prefer, ...given } = options;
  const [state, setState] = useState(loading);
  const current = useRef<Mounted<Model>>(undefined);
  // The same object until an option changes. All options of the engine are in it, also those that are added later.
  const [own, setOwn] = useState(given);
  if (!isSame(own, given)) setOwn(given);

  useEffect(() => {
    const update = (change: Partial<State>) => {
      if (current.current === mine) setState((state) => ({ ...state, ...change }));
    };
    const local = createLocalEngine<Model>({
      ...own,
      onProgress: (progress) => update({ progress }),
    });
    const mine: Mounted<Model> = {
      classify: hosted ? createEngine<Model>({ hosted, local, prefer }).classify : local.classify,
      follow: () =>
        local.ready.then(
          () => update({ status: 'ready', error: undefined }),
          (error: unknown) => update({ status: 'error', error }),
        ),
    };
    current.current = mine;
    setState(loading);
    mine.follow();
    return () => {
      current.current = undefined;
      local.dispose();
    };
  }, [own, hosted, prefer]);

  const classify = useCallback((image: ImageSource, options?: ClassifyOptions) => {
    if (!current.current)
      return Promise.reject(new UnlabelError('model_unavailable', 'The component is not mounted'));
    // A call tries again after a failed load.
    current.current.follow();
    return current.current.classify(image, options);
  }, []) as Classifier<Model>['classify'];

  return { ...state, classify };
}

/** Compares addresses by their text: `new URL()` in a render must not load the model again. */
function isSame(one: object, other: object): boolean {
  const [a, b] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  const textOf = (value: unknown) => (value instanceof URL ? value.href : value);
  return [...a.keys(), ...b.keys()].every((name) => textOf(a.get(name)) === textOf(b.get(name)));
}
