import { requestsAtOnce } from '../../contract/limits.ts';
import { settleOwn } from '../../contract/rules/settle.ts';
import { isExamples } from '../../contract/vector-query.ts';
import type { Examples, SearchQuery } from '../../contract/vectors.ts';
import type { SearchItem } from '../../contract/wire.ts';
import { mapConcurrent } from '../../util/concurrency/map-concurrent.ts';
import type { Connection, InferOptions, Task } from '../connection.ts';
import type { HostedImage } from '../images/take.ts';
import { toExamples } from '../to-vectors.ts';
import { sentOf } from '../vector-source.ts';

type Query = SearchQuery<HostedImage>;

/** A search whose query is neither an image nor a vector nor an id. */
interface Search<Result> {
  connection: Connection;
  model: string | undefined;
  task: Task<SearchItem, Result>;
  request: InferOptions;
  /** A request with one query. */
  sendOne(sent: object, rename?: (field: string) => string): Promise<Result>;
}

/** Searches by examples, or by several queries; loaded by the first such call. */
export async function searchMore<Result>(
  search: Search<Result>,
  query: Query | readonly Query[],
): Promise<Result | Result[] | PromiseSettledResult<Result>[]> {
  return isExamples(query)
    ? searchExamples(search, query as Examples<HostedImage>)
    : searchMany(search, query as readonly Query[]);
}

async function searchExamples<Result>(
  { connection, model, request, sendOne }: Search<Result>,
  query: Examples<HostedImage>,
  name?: string,
): Promise<Result> {
  const sent = await toExamples(connection, model, query, name, request);
  return sendOne(sent, (field) => (name === undefined ? field : `${name}.${field}`));
}

/** A vector, an id and examples have a request of their own; images share as few as possible. */
async function searchMany<Result>(
  search: Search<Result>,
  list: readonly Query[],
): Promise<Result[] | PromiseSettledResult<Result>[]> {
  const { connection, task, request, sendOne } = search;
  const queries = Array.from(list, (one, i) => ({ one, i, sent: sentOf(one) }));
  const images = queries.filter(({ one, sent }) => !(sent || isExamples(one)));
  const others = queries.filter((query) => !images.includes(query));
  const results: (Result | PromiseSettledResult<Result>)[] = [];
  const searchImages = async () => {
    const nameOf = (place: number) => `queries[${images[place]?.i}]`;
    const found = await connection.infer(
      task,
      images.map(({ one }) => one as HostedImage),
      request,
      nameOf,
    );
    for (const [place, result] of (found as Result[]).entries()) results[images[place]?.i as number] = result;
  };
  // Each of them has one request in flight.
  const single = { ...search, request: { ...request, atOnce: 1 } };
  const searchOthers = () =>
    mapConcurrent(others, requestsAtOnce, async ({ one, i, sent }) => {
      const name = `queries[${i}]`;
      const answer = sent
        ? sendOne(sent, (field) => `${name}.${field}`)
        : searchExamples(single, one as Examples<HostedImage>, name);
      results[i] = task.settled ? await settleOwn(name, answer) : await answer;
    });
  // One after the other: together they have as many requests in flight as each of them.
  if (images.length > 0) await searchImages();
  await searchOthers();
  return results as Result[] | PromiseSettledResult<Result>[];
}
