import { checkFilter } from '../../contract/filter.ts';
import { requestsAtOnce } from '../../contract/limits.ts';
import type { Settled } from '../../contract/model.ts';
import { settleOwn } from '../../contract/rules/settle.ts';
import { isId } from '../../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../../contract/vectors.ts';
import type { SearchItem, Single } from '../../contract/wire.ts';
import { mapConcurrent } from '../../util/concurrency/map-concurrent.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection, Task } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';
import { jsonOf, toVector } from '../vector-source.ts';

/** `POST /v1/search`. */
export function createSearch<Model extends string>(connection: Connection, model?: Model) {
  type Result = SearchResult<Model>;
  type Options = SearchOptions & RequestOptions;
  type Query = SearchQuery<HostedImage>;

  function search(query: Query, options?: Options): Promise<Result>;
  function search(
    queries: readonly Query[],
    options: Options & Settled,
  ): Promise<PromiseSettledResult<Result>[]>;
  function search(queries: readonly Query[], options?: Options): Promise<Result[]>;
  async function search(
    query: Query | readonly Query[],
    { signal, timeout, region, filter, settled, ...options }: Options & Partial<Settled> = {},
  ): Promise<Result | Result[] | PromiseSettledResult<Result>[]> {
    if (filter !== undefined) checkFilter(filter);
    const request = { signal, timeout, region };
    const task: Task<SearchItem, Result> = {
      path: 'v1/search',
      settled,
      query: { model, ...options, filter: filter && JSON.stringify(filter) },
      read(answer) {
        checkShape(answer.matches.every(({ id, score }) => typeof id === 'string' && Number.isFinite(score)));
        return answer as Result;
      },
    };

    // A vector or an id has a request of its own; images share as few as possible.
    const sendOne = (sent: object, rename?: (field: string) => string) =>
      connection.send(
        { path: task.path, query: task.query, body: jsonOf(sent), ...(rename && { rename }) },
        (answer) => task.read(answer as Single<SearchItem>),
        request,
      );

    const sent = sentOf(query);
    if (sent) return sendOne(sent);
    if (!Array.isArray(query)) return connection.infer(task, query as HostedImage, request);
    const queries = Array.from(query as readonly Query[], (one, i) => ({ one, i, sent: sentOf(one) }));
    const images = queries.filter(({ sent }) => !sent);
    const results: (Result | PromiseSettledResult<Result>)[] = [];
    const searchImages = async () => {
      const nameOf = (place: number) => `queries[${images[place]?.i}]`;
      const found = await connection.infer(
        task,
        images.map(({ one }) => one as HostedImage),
        request,
        nameOf,
      );
      for (const [place, result] of (found as Result[]).entries())
        results[images[place]?.i as number] = result;
    };
    const searchVectors = () =>
      mapConcurrent(queries, requestsAtOnce, async ({ i, sent }) => {
        if (!sent) return;
        const name = `queries[${i}]`;
        const answer = sendOne(sent, (field) => `${name}.${field}`);
        results[i] = settled ? await settleOwn(name, answer) : await answer;
      });
    await Promise.all([searchImages(), searchVectors()]);
    return results as Result[] | PromiseSettledResult<Result>[];
  }
  return search;
}

/** The JSON of a vector or an id; undefined for an image. */
function sentOf(query: unknown): object | undefined {
  return toVector(query) ?? (isId(query) ? { id: query.id } : undefined);
}
