import type { ImageSource } from '../../contract/image-source.ts';
import { isId } from '../../contract/vector-query.ts';
import type { SearchOptions, SearchQuery, SearchResult } from '../../contract/vectors.ts';
import type { SearchItem, Single } from '../../contract/wire.ts';
import { type Connection, infer, type Task } from '../infer.ts';
import { checkShape } from '../read-response.ts';
import type { RequestOptions } from '../request.ts';
import { jsonOf, toVector } from '../vector-source.ts';

/** `POST /v1/search`. */
export function createSearch<Model extends string>(connection: Connection, model?: Model) {
  type Result = SearchResult<Model>;
  type Options = SearchOptions & RequestOptions;

  function search(query: SearchQuery<ImageSource>, options?: Options): Promise<Result>;
  function search(images: readonly ImageSource[], options?: Options): Promise<Result[]>;
  function search(
    query: SearchQuery<ImageSource> | readonly ImageSource[],
    { signal, timeout, filter, ...options }: Options = {},
  ): Promise<Result | Result[]> {
    const task: Task<SearchItem, Result> = {
      path: 'v1/search',
      query: { model, ...options, filter: filter && JSON.stringify(filter) },
      read(answer) {
        checkShape(answer.matches.every(({ id, score }) => typeof id === 'string' && Number.isFinite(score)));
        return answer as Result;
      },
    };
    const vector = toVector(query) ?? (isId(query) && { id: query.id });
    return vector
      ? connection.send(
          { ...task, body: jsonOf(vector) },
          (answer) => task.read(answer as Single<SearchItem>),
          {
            signal,
            timeout,
          },
        )
      : infer(connection, task, query as ImageSource, { signal, timeout });
  }
  return search;
}
