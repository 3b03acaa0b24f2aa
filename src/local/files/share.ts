import { abortable } from '../../util/abortable.ts';
import type { Progress } from '../options.ts';

/** One of those who wait for a piece of work. */
export interface Sharer {
  signal: AbortSignal;
  onProgress?: ((progress: Progress) => void) | undefined;
}

interface Running<Value> {
  value: Promise<Value>;
  controller: AbortController;
  sharers: Set<Sharer>;
  progress?: Progress;
}

/**
 * Lets concurrent callers with the same key share one piece of work and its value. Each may leave by its signal; the
 * work is aborted when the last one has left. Nothing is kept afterwards.
 */
export function createShare<Value>() {
  const running = new Map<string, Running<Value>>();

  function begin(key: string, work: (sharer: Sharer) => Promise<Value>): Running<Value> {
    const controller = new AbortController();
    const sharers = new Set<Sharer>();
    const onProgress = (progress: Progress) => {
      started.progress = progress;
      for (const sharer of sharers) sharer.onProgress?.(progress);
    };
    const forget = () => {
      if (running.get(key) === started) running.delete(key);
    };
    const value = work({ signal: controller.signal, onProgress }).finally(forget);
    const started: Running<Value> = { value, controller, sharers };
    controller.signal.addEventListener('abort', forget);
    // Whoever waits hears of a failure; it must not count as unhandled when all have left.
    value.catch(() => {});
    running.set(key, started);
    return started;
  }

  return async (key: string, work: (sharer: Sharer) => Promise<Value>, sharer: Sharer): Promise<Value> => {
    sharer.signal.throwIfAborted();
    const shared = running.get(key) ?? begin(key, work);
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
