import { type SingleFlight, singleFlight } from './single-flight.ts';

/** Keeps the value of a load by its key; each is a {@link singleFlight}, so failures are forgotten. */
export function memoize<Key, Value>(load: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const loads = new Map<Key, SingleFlight<[], Value>>();
  return (key) => {
    let loadOnce = loads.get(key);
    if (!loadOnce) {
      loadOnce = singleFlight(() => load(key));
      loads.set(key, loadOnce);
    }
    return loadOnce();
  };
}
