import { quantile } from '../harness/quantile.ts';

/** Mean milliseconds of work that is repeated. */
export async function milliseconds(work: () => unknown, times = 1): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < times; i++) await work();
  return (performance.now() - began) / times;
}

/**
 * Measures all rows in turn, once per round, so that a slow moment of the machine affects every row. One more round comes
 * first, to warm up.
 */
export async function inTurn<Name extends string>(
  rounds: number,
  rows: Record<Name, () => Promise<number>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(rows) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = -1; round < rounds; round++)
    for (const name of names) {
      const time = await rows[name]();
      if (round >= 0) times[name].push(time);
    }
  return times;
}

/** The median over rounds of the ratio of two rows. */
export function ratio(times: readonly number[], base: readonly number[]): number {
  return quantile(times.map((time, round) => time / (base[round] as number)));
}

/** The median with the quartiles in brackets. */
export function spread(values: readonly number[], unit = 1): string {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((part) => digits(quantile(values, part) / unit));
  return `${middle} (${low}-${high})`;
}

/** A number with three significant digits. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(value >= 10 ? 1 : 2);
}
