import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Coverage } from './coverage.ts';
import type { Target } from './target.ts';

const folder = new URL('../../../test/hostile/corpus/', import.meta.url);

/** Most inputs kept per target for the code that they reach; findings come on top. */
const maxKept = 20;
/** Most bytes of each. */
const maxKeptBytes = 4 * 1024;

/** Reads the kept inputs of a target, sorted by file name. */
export function readCorpus(target: string): { name: string; input: Uint8Array }[] {
  const inputs = new URL(`${target}/`, folder);
  if (!existsSync(inputs)) return [];
  return readdirSync(inputs)
    .sort()
    .map((name) => ({ name, input: new Uint8Array(readFileSync(new URL(name, inputs))) }));
}

/** Keeps an input in a file named by its SHA-256. */
export function keep(target: string, input: Uint8Array): void {
  const inputs = new URL(`${target}/`, folder);
  mkdirSync(inputs, { recursive: true });
  const name = createHash('sha256').update(input).digest('hex').slice(0, 12);
  writeFileSync(new URL(`${name}.bin`, inputs), input);
}

/** Chooses the shortest inputs that each reach blocks which neither the seeds nor the other chosen ones reach. */
export async function worthKeeping(
  target: Target,
  inputs: readonly Uint8Array[],
  coverage: Coverage,
): Promise<Uint8Array[]> {
  const known = new Set<unknown>();
  const reachesMore = async (input: Uint8Array) => {
    const before = known.size;
    coverage.take();
    try {
      await target.run(input);
    } catch {
      return false;
    }
    for (const [block] of coverage.take()) known.add(block);
    return known.size > before;
  };
  for (const seed of target.seeds) await reachesMore(seed);
  const kept: Uint8Array[] = [];
  for (const input of inputs.toSorted((a, b) => a.length - b.length))
    if (input.length <= maxKeptBytes && kept.length < maxKept && (await reachesMore(input))) kept.push(input);
  return kept;
}
