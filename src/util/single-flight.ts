/** A load that concurrent callers share, and whose value later callers get. */
export interface SingleFlight<Args extends unknown[], Value> {
  (...args: Args): Promise<Value>;
  /** Forgets the value: the next call loads anew. Callers that wait still get what they wait for. */
  reset(): void;
}

/**
 * Wraps an expensive load: the first call starts it, and all calls get its value. A failure reaches those who wait
 * and is then forgotten, so that the next call tries again.
 *
 * @param load - gets the arguments of the call that starts it.
 */
export function singleFlight<Args extends unknown[], Value>(
  load: (...args: Args) => Promise<Value>,
): SingleFlight<Args, Value> {
  let current: Promise<Value> | undefined;
  const call = (...args: Args) => {
    if (current) return current;
    const started = load(...args).catch((error: unknown) => {
      // After a reset, another load may be under way.
      if (current === started) current = undefined;
      throw error;
    });
    current = started;
    return started;
  };
  const reset = () => {
    current = undefined;
  };
  return Object.assign(call, { reset });
}
