import { abortable } from './abortable.ts';

/** One of the callers that await a shared task. */
export interface Sharer<Progress> {
  signal: AbortSignal;
  onProgress?: ((progress: Progress) => void) | undefined;
}

interface Running<Value, Progress> {
  value: Promise<Value>;
  controller: AbortController;
  sharers: Set<Sharer<Progress>>;
  progress?: Progress;
}

/**
 * Lets concurrent callers with the same key share one task, its progress and its value. Each may leave by its signal;
 * the task is aborted when the last one has left. Nothing is kept afterwards.
 */
export function createShare<Value, Progress>() {
  const running = new Map<string, Running<Value, Progress>>();

  function begin(key: string, task: (sharer: Sharer<Progress>) => Promise<Value>): Running<Value, Progress> {
    const controller = new AbortController();
    const sharers = new Set<Sharer<Progress>>();
    const onProgress = (progress: Progress) => {
      started.progress = progress;
      for (const sharer of sharers) sharer.onProgress?.(progress);
    };
    const forget = () => {
      if (running.get(key) === started) running.delete(key);
    };
    const value = task({ signal: controller.signal, onProgress }).finally(forget);
    const started: Running<Value, Progress> = { value, controller, sharers };
    controller.signal.addEventListener('abort', forget);
    // Awaiting callers get the error; without any it must not count as unhandled.
    value.catch(() => {});
    running.set(key, started);
    return started;
  }

  return async (
    key: string,
    task: (sharer: Sharer<Progress>) => Promise<Value>,
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
      if (shared.sharers.size === 0 && running.get(key) === shared)
        shared.controller.abort(sharer.signal.reason);
    }
  };
}
