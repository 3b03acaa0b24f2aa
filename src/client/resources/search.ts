import type { Settled } from '../../contract/model.ts';
import { isExamples } from '../../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../../contract/vectors.ts';
import type { SearchItem, Single } from '../../contract/wire.ts';
import { checkShape } from '../check-shape.ts';
import type { Connection, Task } from '../connection.ts';
import type { RequestOptions } from '../http/service.ts';
import type { HostedImage } from '../images/take.ts';
import { jsonOf, sentOf } from '../vector-source.ts';

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
    if (filter !== undefined) {
      const { filterProblem } = await import('../../contract/filter.ts');
      const problem = filterProblem(filter);
      if (problem) throw problem;
    }
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

    const sendOne = (sent: object, rename?: (field: string) => string) =>
      connection.send(
        { path: task.path, query: task.query, body: jsonOf(sent), ...(rename && { rename }) },
        (answer) => task.read(answer as Single<SearchItem>),
        request,
      );

    const sent = sentOf(query);
    if (sent) return sendOne(sent);
    if (!Array.isArray(query) && !isExamples(query))
      return connection.infer(task, query as HostedImage, request);
    const { searchMore } = await import('./search-more.ts');
    return searchMore({ connection, model, task, request, sendOne }, query);
  }
  return search;
}
