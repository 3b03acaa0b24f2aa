import { UnlabelError } from '../contract/errors.ts';
import { settleOwn } from '../contract/rules/settle.ts';
import type { FailedItem } from '../contract/wire.ts';
import { readOne, type Task } from './connection.ts';
import { apiErrorOf } from './http/read-response.ts';
import { type PackedImage, type Sending, sendBatches } from './images/batches.ts';

/**
 * Runs a task on images, each with an outcome of its own: one that cannot be read, here or by the service, has its
 * error. Rejects where something else fails.
 */
export async function inferSettled<Item, Result>(
  sending: Sending,
  task: Task<Item, Result>,
  count: number,
  packOne: (index: number) => Promise<PackedImage>,
): Promise<PromiseSettledResult<Result>[]> {
  const { query, nameOf, done } = sending;
  const outcomes: PromiseSettledResult<Result>[] = [];
  const fail = (index: number, reason: unknown) => {
    outcomes[index] = { status: 'rejected', reason };
  };
  const packed: PackedImage[] = [];
  for (let index = 0; index < count; index++) {
    const outcome = await settleOwn(nameOf(index), packOne(index));
    if (outcome.status === 'fulfilled') packed.push(outcome.value);
    else {
      outcomes[index] = outcome;
      done(1);
    }
  }
  await sendBatches<Item | FailedItem>(
    { ...sending, query: { ...query, settled: 'true' } },
    packed,
    (index, answer, response, rename) => {
      if ('error' in answer) fail(index, apiErrorOf(answer.error, response, rename));
      else outcomes[index] = { status: 'fulfilled', value: readOne(task, answer) };
    },
    (batch, reason) => {
      const [image] = batch;
      // An image of too many bytes goes alone. What else fails here does not come from an image.
      if (!(reason instanceof UnlabelError) || reason.code !== 'body_too_large' || batch.length > 1)
        return false;
      fail(image?.index as number, reason);
      return true;
    },
  );
  return outcomes;
}
