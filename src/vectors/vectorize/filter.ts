import { UnlabelError } from '../../contract/errors.ts';
import type { Filter, MetadataValue } from '../../contract/vectors.ts';
import { meets } from '../search/column.ts';

/** A filter as Vectorize takes it. */
export type VectorizeFilter = Record<
  string,
  | MetadataValue
  | { $in: MetadataValue[] }
  | { $nin: MetadataValue[] }
  | { [Operator in '$gt' | '$gte' | '$lt' | '$lte']?: string | number }
>;

/** Bytes of a filter as JSON; Vectorize takes less than 2,048. */
const mostBytes = 2_047;

/**
 * Writes a filter as Vectorize takes it: values, other values, or one lower and one upper bound.
 * @returns `nothing` where no value can meet it.
 * @throws UnlabelError `invalid_parameter` where it is too long; `not_supported` for what Vectorize cannot tell.
 */
export function translateFilter(filter: Filter): VectorizeFilter | 'nothing' {
  const translated: VectorizeFilter = {};
  for (const [key, condition] of Object.entries(filter)) {
    if (typeof condition !== 'object') {
      translated[key] = condition;
      continue;
    }
    if (Array.isArray(condition)) throw notSupported(key);
    const {
      eq,
      ne,
      in: values = eq === undefined ? undefined : [eq],
      nin,
      exists,
      gt,
      gte,
      lt,
      lte,
    } = condition;
    const bounds = Object.entries({ $gt: gt, $gte: gte, $lt: lt, $lte: lte }).filter(
      ([, bound]) => bound !== undefined,
    );
    const others = [...(nin ?? []), ...(ne === undefined ? [] : [ne])];
    if (values) {
      const met = values.filter((value) => meets(value, condition));
      if (met.length === 0) return 'nothing';
      translated[key] = { $in: met };
    } else if (exists !== undefined || (others.length > 0 && bounds.length > 0)) {
      throw notSupported(`${key}: ${exists === undefined ? 'ne and nin beside bounds' : 'exists'}`);
    } else if (bounds.length > 0) {
      translated[key] = Object.fromEntries(bounds);
    } else if (others.length > 0) {
      translated[key] = { $nin: others };
    }
  }
  if (new TextEncoder().encode(JSON.stringify(translated)).length > mostBytes)
    throw new UnlabelError('invalid_parameter', `With this store a filter has at most ${mostBytes} bytes`, {
      field: 'filter',
    });
  return translated;
}

function notSupported(what: string): UnlabelError {
  return new UnlabelError('not_supported', `The store \`vectorize\` cannot filter by ${what}`, {
    field: 'filter',
  });
}
