/**
 * Wraps an expensive load so that concurrent callers share one run and later callers its result. A failure is
 * handed to those who waited and then forgotten: the next caller tries again.
 */
export function singleFlight<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let running: Promise<Value> | undefined;
  return () => {
    running ??= load().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
