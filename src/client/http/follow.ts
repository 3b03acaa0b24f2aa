/** Calls back once a signal is aborted, also if it is already; returns how to stop following it. */
export type Follow = (signal: AbortSignal, onAbort: () => void) => () => void;

/**
 * Lets many calls follow one signal by a single listener: Node warns of a leak at the eleventh listener.
 */
export function createFollow(): Follow {
  const followers = new WeakMap<AbortSignal, { callbacks: Set<() => void>; listener: () => void }>();
  return (signal, onAbort) => {
    if (signal.aborted) onAbort();
    let followed = followers.get(signal);
    if (!followed) {
      const callbacks = new Set<() => void>();
      const listener = () => {
        for (const callback of callbacks) callback();
      };
      followed = { callbacks, listener };
      followers.set(signal, followed);
      signal.addEventListener('abort', listener);
    }
    const { callbacks, listener } = followed;
    // Two calls may pass the same function: each entry must be its own.
    const entry = () => onAbort();
    callbacks.add(entry);
    return () => {
      callbacks.delete(entry);
      if (callbacks.size > 0) return;
      followers.delete(signal);
      signal.removeEventListener('abort', listener);
    };
  };
}
