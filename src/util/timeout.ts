/**
 * Resolves as the promise does, or rejects once it has taken too long.
 *
 * @param ms - milliseconds.
 * @param createError - makes the error for a promise that is late.
 */
export function timeout<Value>(
  promise: Promise<Value>,
  ms: number,
  createError: () => Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(createError()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
