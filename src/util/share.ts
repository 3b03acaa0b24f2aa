import { abortable } from './abortable.ts';

/** One of the callers that await a shared task. */
export interface Sharer<Progress> {
  signal: AbortSignal;
  onProgress?: ((progress: Progress) => void) | undefined;
}

/** What a shared task may use. */
export interface Sharing<Progress> {
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** Shares the value with later callers too, until this has settled: say, until a file can be read from a cache. */
  until(stored: Promise<unknown>): void;
}

interface Running<Value, Progress> {
  value: Promise<Value>;
  controller: AbortController;
  sharers: Set<Sharer<Progress>>;
  progress?: Progress;
  done: boolean;
}

/**
 * Lets concurrent callers with the same key share one task, its progress and its value. Each may leave by its signal;
 * the task is aborted when the last one has left before its end. Nothing is kept afterwards.
 */
export function createShare<Value, Progress>() {
  const running = new Map<string, Running<Value, Progress>>();

  function begin(
    key: string,
    task: (sharing: Sharing<Progress>) => Promise<Value>,
  ): Running<Value, Progress> {
    const controller = new AbortController();
    const sharers = new Set<Sharer<Progress>>();
    const onProgress = (progress: Progress) => {
      started.progress = progress;
      for (const sharer of sharers) sharer.onProgress?.(progress);
    };
    const forget = () => {
      if (running.get(key) === started) running.delete(key);
    };
    let stored: Promise<unknown> | undefined;
    const until = (promise: Promise<unknown>) => {
      stored = promise;
    };
    const value = Promise.resolve()
      .then(() => task({ signal: controller.signal, onProgress, until }))
      .finally(() => {
        started.done = true;
        if (stored) stored.then(forget, forget);
        else forget();
      });
    const started: Running<Value, Progress> = { value, controller, sharers, done: false };
    controller.signal.addEventListener('abort', forget);
    // Awaiting callers get the error; without any it must not count as unhandled.
    value.catch(() => {});
    running.set(key, started);
    return started;
  }

  return async (
    key: string,
    task: (sharing: Sharing<Progress>) => Promise<Value>,
    sharer: Sharer<Progress>,
  ): Promise<Value> => {
    sharer.signal.throwIfAborted();
    const shared = running.get(key) ?? begin(key, task);
    shared.sharers.add(sharer);
    if (shared.progress) sharer.onProgress?.(shared.progress);
    try {
      return await abortable(shared.value, sharer.signal);
    } finally {
      shared.sharers.delete(sharer);
      if (shared.sharers.size === 0 && !shared.done && running.get(key) === shared)
        shared.controller.abort(sharer.signal.reason);
    }
  };
}
