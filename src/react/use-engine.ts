import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import type { Engine } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { ModelName } from '../contract/model.ts';
import { createEngineStore, type EngineState, type StoreOptions } from '../local/store/engine-store.ts';

/** State of the engine of a component, and the calls to it: the same functions in every render. */
export interface EngineOfComponent<Model extends string> {
  state: EngineState;
  calls: Engine<ImageSource, Model>;
}

/**
 * The engine of a component, from mount to unmount; another one when an option changes. A client for `hosted` is made
 * once, outside of the component.
 */
export function useEngine<Model extends ModelName>(options: StoreOptions<Model>): EngineOfComponent<Model> {
  // The same object until an option changes. All options of the engine are in it, also those that are added later.
  const [kept, keep] = useState(options);
  const own = isSame(kept, options) ? kept : options;
  if (own !== kept) keep(own);
  const store = useMemo(() => createEngineStore<Model>(own), [own]);
  const state = useSyncExternalStore(store.subscribe, store.getSnapshot, store.getSnapshot);
  const latest = useRef(store);
  useEffect(() => {
    latest.current = store;
  }, [store]);

  const calls = useMemo(() => {
    const call =
      <Name extends keyof Engine<ImageSource, Model>>(name: Name) =>
      (...given: unknown[]) =>
        (latest.current[name] as (...given: unknown[]) => Promise<unknown>)(...given);
    return {
      classify: call('classify'),
      embed: call('embed'),
      search: call('search'),
    } as Engine<ImageSource, Model>;
  }, []);
  return { state, calls };
}

/** Compares addresses by their text: `new URL()` in a render must not load the model again. */
function isSame(one: object, other: object): boolean {
  const [a, b] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  const textOf = (value: unknown) => (value instanceof URL ? value.href : value);
  return [...a.keys(), ...b.keys()].every((name) => textOf(a.get(name)) === textOf(b.get(name)));
}
