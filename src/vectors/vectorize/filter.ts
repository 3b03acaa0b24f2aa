import { UnlabelError } from '../../contract/errors.ts';
import type { Filter, MetadataValue } from '../../contract/vectors.ts';
import { meets } from '../search/column.ts';

/** A filter as Vectorize takes it. */
export type VectorizeFilter = Record<
  string,
  | MetadataValue
  | { $in: MetadataValue[] }
  | { [Operator in '$gt' | '$gte' | '$lt' | '$lte']?: string | number }
>;

/** Bytes of a filter as JSON; Vectorize takes less than 2,048. */
const mostBytes = 2_047;

/**
 * Writes a filter as Vectorize takes it: values, or one lower and one upper bound.
 * @returns `nothing` where no value can meet it.
 * @throws UnlabelError `invalid_parameter` where it is too long.
 */
export function translateFilter(filter: Filter): VectorizeFilter | 'nothing' {
  const translated: VectorizeFilter = {};
  for (const [key, condition] of Object.entries(filter)) {
    if (typeof condition !== 'object') {
      translated[key] = condition;
      continue;
    }
    const { eq, in: values = eq === undefined ? undefined : [eq], gt, gte, lt, lte } = condition;
    if (values) {
      const met = values.filter((value) => meets(value, condition));
      if (met.length === 0) return 'nothing';
      translated[key] = { $in: met };
    } else {
      const bounds = { $gt: gt, $gte: gte, $lt: lt, $lte: lte };
      translated[key] = Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined));
    }
  }
  if (new TextEncoder().encode(JSON.stringify(translated)).length > mostBytes)
    throw new UnlabelError('invalid_parameter', `With this store a filter has at most ${mostBytes} bytes`, {
      field: 'filter',
    });
  return translated;
}
