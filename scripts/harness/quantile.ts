/**
 * The value below which a share of all values lies, without interpolation.
 *
 * @param values - in any order; at least one.
 * @param share - from 0 to 1; the median without it.
 */
export function quantile(values: readonly number[], share = 0.5): number {
  return values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))] as number;
}
