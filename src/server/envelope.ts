import type { ErrorCode, UnlabelError } from '../contract/errors.ts';
import type { Batch, FailedItem, Single } from '../contract/wire.ts';
import type { Model } from '../inference/model.ts';

/**
 * The body of an answer: the item itself for one image, `results` for a batch.
 * @param failed - errors by place; the items are those of the other images.
 */
export function envelope<Item>(
  model: Pick<Model, 'ref' | 'device'>,
  items: Item[],
  isBatch: boolean,
  failed: ReadonlyMap<number, UnlabelError> = new Map(),
): Single<Item> | Batch<Item> {
  const answer = { model: model.ref, source: 'hosted', device: model.device } as const;
  if (!isBatch) return { ...answer, ...(items[0] as Item) };
  const left = items.values();
  const results = Array.from({ length: items.length + failed.size }, (_, place): Item | FailedItem => {
    const error = failed.get(place);
    if (!error) return left.next().value as Item;
    return { error: { code: error.code as ErrorCode, detail: error.message, field: error.field } };
  });
  return { ...answer, results };
}
