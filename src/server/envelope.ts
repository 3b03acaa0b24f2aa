import type { Batch, Single } from '../contract/wire.ts';
import type { Model } from '../inference/model.ts';

/** The body of an answer: the item itself for one image, `results` for a batch. */
export function envelope<Item>(
  model: Pick<Model, 'ref' | 'device'>,
  items: Item[],
  isBatch: boolean,
): Single<Item> | Batch<Item> {
  const answer = { model: model.ref, source: 'hosted', device: model.device } as const;
  return isBatch ? { ...answer, results: items } : { ...answer, ...(items[0] as Item) };
}
