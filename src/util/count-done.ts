/**
 * Counts what is done of a whole, and tells a listener.
 * @returns adds to the count, and throws what the listener throws.
 */
export function countDone(
  total: number,
  listener: ((progress: { done: number; total: number }) => void) | undefined,
): (count: number) => void {
  let done = 0;
  return (count) => {
    done += count;
    listener?.({ done, total });
  };
}
