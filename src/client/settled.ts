import { UnlabelError } from '../contract/errors.ts';
import type { ImageSource } from '../contract/image-source.ts';
import { requestsAtOnce } from '../contract/limits.ts';
import type { Region } from '../contract/model.ts';
import { settleOwn } from '../contract/rules/settle.ts';
import type { Batch, FailedItem, Single } from '../contract/wire.ts';
import { mapConcurrent } from '../util/concurrency/map-concurrent.ts';
import { checkShape } from './check-shape.ts';
import { readOne, type Task } from './connection.ts';
import { apiErrorOf } from './http/read-response.ts';
import type { Send } from './http/request.ts';
import type { RequestOptions } from './http/service.ts';
import { batches } from './images/batches.ts';
import type { Pack } from './images/pack.ts';

/**
 * Runs a task on images, each with an outcome of its own: one that cannot be read, here or by the service, has its
 * error. Rejects where something else fails.
 */
export async function inferSettled<Item, Result>(
  send: Send,
  task: Task<Item, Result>,
  pack: Pack,
  sources: readonly Promise<ImageSource>[],
  nameOf: (index: number) => string,
  options: RequestOptions,
  region: Region | undefined,
  done: (count: number) => void,
): Promise<PromiseSettledResult<Result>[]> {
  const outcomes: PromiseSettledResult<Result>[] = [];
  const fail = (index: number, reason: unknown) => {
    outcomes[index] = { status: 'rejected', reason };
  };
  const packed: { index: number; body: Blob }[] = [];
  for (const [index, source] of sources.entries()) {
    const outcome = await settleOwn(nameOf(index), pack.one(source, nameOf(index), options, region));
    if (outcome.status === 'fulfilled') packed.push({ index, body: outcome.value });
    else {
      outcomes[index] = outcome;
      done(1);
    }
  }

  const { path, query } = task;
  const indexOf = (place: number) => packed[place]?.index as number;
  await mapConcurrent(batches(packed.map(({ body }) => body)), requestsAtOnce, async ({ start, bodies }) => {
    const rename = (field: string) =>
      field.replace(/^files\[(\d+)\]$/, (_, place) => nameOf(indexOf(start + Number(place))));
    const read = (answer: unknown, response: Response) => {
      const { results, ...rest } = answer as Batch<Item>;
      checkShape(results.length === bodies.length);
      for (const [place, item] of results.entries()) {
        const index = indexOf(start + place);
        const { error } = item as FailedItem;
        if (error) fail(index, apiErrorOf(error, response, rename));
        else
          outcomes[index] = {
            status: 'fulfilled',
            value: readOne(task, { ...rest, ...item } as Single<Item>),
          };
      }
    };
    const request = { path, query: { ...query, settled: 'true' }, body: pack.many(bodies), rename };
    await send(request, read, options).catch((reason: unknown) => {
      // An image of too many bytes goes alone. What else fails here does not come from an image.
      if (!(reason instanceof UnlabelError) || reason.code !== 'body_too_large' || bodies.length > 1)
        throw reason;
      fail(indexOf(start), reason);
    });
    done(bodies.length);
  });
  return outcomes;
}
