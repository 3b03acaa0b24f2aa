import { UnlabelError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { Examples } from '../vectors.ts';

export const examplesRule = `like must have at least one example, and at most ${limits.examplesPerSearch} with those of dislike`;

/**
 * Goes through the examples of a query, which are read before control returns.
 *
 * @param name - of the query in errors: `queries[2]`. Default: it is the only one.
 * @param call - gets each example and its name in errors: `like[0]`.
 * @throws UnlabelError `invalid_parameter`.
 */
export function mapExamples<Source, Result>(
  { like, dislike = [] }: Examples<Source>,
  name: string | undefined,
  call: (example: Examples<Source>['like'][number], field: string) => Result,
): { like: Result[]; dislike: Result[] } {
  const isRight =
    Array.isArray(like) &&
    Array.isArray(dislike) &&
    like.length > 0 &&
    like.length + dislike.length <= limits.examplesPerSearch;
  const prefix = name === undefined ? '' : `${name}.`;
  if (!isRight) throw new UnlabelError('invalid_parameter', examplesRule, { field: `${prefix}like` });
  return {
    like: Array.from(like, (example, i) => call(example, `${prefix}like[${i}]`)),
    dislike: Array.from(dislike, (example, i) => call(example, `${prefix}dislike[${i}]`)),
  };
}
