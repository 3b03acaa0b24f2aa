/**
 * Runs work on every item, on a few at a time, and gives the results in the items' order. After a failure no further
 * item is begun.
 *
 * @param concurrency - items in work at a time.
 */
export async function mapConcurrent<Item, Result>(
  items: Iterable<Item>,
  concurrency: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let begun = 0;
  // All workers draw from it; one that fails closes it.
  const queue = (function* () {
    yield* items;
  })();
  const worker = async () => {
    for (const item of queue) {
      const place = begun++;
      results[place] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return results;
}
