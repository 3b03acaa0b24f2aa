import type { Engine } from '../../contract/engine.ts';
import { UnlabelError } from '../../contract/errors.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import type { ModelName } from '../../contract/model.ts';
import { createEngine } from '../automatic.ts';
import { createLocalEngine } from '../engine.ts';
import type { LocalOptions, Progress } from '../options.ts';

/** Options of {@link createEngineStore}: those of `createLocalEngine`, and an engine that answers beside the page. */
export interface StoreOptions<Model extends string = string>
  extends Omit<LocalOptions<Model>, 'onProgress' | 'signal'> {
  /** A client: it answers while the model loads, and if the page cannot. */
  hosted?: Engine<ImageSource, NoInfer<Model>> | undefined;
  /**
   * With {@link hosted}, which engine answers if both can.
   * @default 'local'
   */
  prefer?: 'local' | 'hosted' | undefined;
}

/** What a user interface shows of an engine. */
export interface EngineState {
  /** State of the model in this page. `loading` on a server, and while nobody subscribes. */
  readonly status: 'loading' | 'ready' | 'error';
  /** How much of the weights is downloaded; undefined before the download begins. */
  readonly progress: Progress | undefined;
  /** Why the model could not be loaded. Each call tries again; with `hosted`, calls are still answered. */
  readonly error: unknown;
}

/**
 * An engine for user interfaces of any framework: it loads for the first subscriber, and is disposed of after the last.
 *
 * Calls wait for the model. They throw UnlabelError as the engine does; `model_unavailable` while nobody subscribes.
 */
export interface EngineStore<Model extends string = string> extends Engine<ImageSource, Model> {
  /** The state: the same object until something changes. */
  getSnapshot(): EngineState;
  /**
   * Loads the model, and calls a function after every change of the state.
   *
   * @returns ends the subscription.
   */
  subscribe(listener: () => void): () => void;
}

/** What exists from the first subscriber to the last. */
interface Current<Model extends string> {
  engine: Engine<ImageSource, Model>;
  /** Loads the model unless it is loaded, and updates the state. */
  follow(): void;
  dispose(): void;
}

const loading: EngineState = { status: 'loading', progress: undefined, error: undefined };

/**
 * Makes a store, which React, Vue and Svelte wrap in a few lines; `unlabel/react` has the hooks. Nothing is loaded before
 * somebody subscribes, so that it can be made on a server.
 *
 * ```ts
 * const store = createEngineStore({ model: 'cifar10', baseUrl });
 * const stop = store.subscribe(() => show(store.getSnapshot()));
 * const { predictions } = await store.classify(file);
 * ```
 */
export function createEngineStore<Model extends ModelName = string>({
  hosted,
  prefer,
  ...options
}: StoreOptions<Model>): EngineStore<Model> {
  const listeners = new Set<{ listener: () => void }>();
  let state = loading;
  let current: Current<Model> | undefined;

  function set(next: EngineState): void {
    state = next;
    for (const { listener } of [...listeners]) listener();
  }

  function start(): Current<Model> {
    const update = (change: Partial<EngineState>) => {
      const keys = Object.keys(change) as (keyof EngineState)[];
      if (current !== mine || keys.every((key) => change[key] === state[key])) return;
      set({ ...state, ...change });
    };
    const local = createLocalEngine<Model>({ ...options, onProgress: (progress) => update({ progress }) });
    const mine: Current<Model> = {
      engine: hosted ? createEngine<Model>({ hosted, local, prefer }) : local,
      follow: () =>
        void local.ready.then(
          () => update({ status: 'ready', error: undefined }),
          (error: unknown) => update({ status: 'error', error }),
        ),
      dispose: () => local.dispose(),
    };
    return mine;
  }

  /** The engine, which a call tries to load again after a failure. */
  async function engine(): Promise<Engine<ImageSource, Model>> {
    if (!current)
      throw new UnlabelError(
        'model_unavailable',
        'Nobody subscribes to the store of the engine: is the component mounted?',
      );
    current.follow();
    return current.engine;
  }

  return {
    getSnapshot: () => state,
    subscribe(listener) {
      const mine = { listener };
      const isFirst = !current;
      // An invalid address is thrown here: nobody has subscribed then.
      current ??= start();
      listeners.add(mine);
      if (isFirst) current.follow();
      return () => {
        if (!listeners.delete(mine) || listeners.size > 0) return;
        current?.dispose();
        current = undefined;
        state = loading;
      };
    },
    classify: (async (...call: Parameters<Engine<ImageSource, Model>['classify']>) =>
      (await engine()).classify(...call)) as Engine<ImageSource, Model>['classify'],
    embed: (async (...call: Parameters<Engine<ImageSource, Model>['embed']>) =>
      (await engine()).embed(...call)) as Engine<ImageSource, Model>['embed'],
    search: (async (...call: Parameters<Engine<ImageSource, Model>['search']>) =>
      (await engine()).search(...call)) as Engine<ImageSource, Model>['search'],
  };
}
