/**
 * The value of a promise, unless it takes too long.
 * @param late - what is thrown then.
 */
export function within<Value>(ms: number, promise: Promise<Value>, late: () => Error): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
