import { seededRandom } from '../inputs/random-vectors.ts';
import type { Coverage } from './coverage.ts';
import { Judge } from './judge.ts';
import { mutant } from './mutant.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** Inputs between two looks at the coverage, of which one is also looked at alone. */
const batch = 64;

/** Bytes of the longest input: longer ones find little, and cost time. */
export const longestInput = 32 * 1024;

/** Different findings after which a run ends. */
const mostFindings = 10;

/** An input that was not read as it must be, and what went wrong. */
export interface Finding {
  input: Uint8Array;
  reason: string;
}

/** What a run came to. */
export interface Report {
  executions: number;
  /** Inputs that each reached code that those before had not, or more often; the seeds come first. */
  corpus: Uint8Array[];
  findings: Finding[];
}

export interface FuzzOptions {
  seed: number;
  /** Guides the search. Without it the fuzzer changes its seeds blindly. */
  coverage?: Coverage | undefined;
  /** Asked now and then whether to go on. */
  goOn(executions: number): boolean;
  /** Milliseconds that an input may take. Default: any. */
  maxMs?: number;
}

/**
 * Looks for inputs that a target does not read as it must: changes inputs at random, and keeps those that reach blocks
 * of code that none before has reached, or reach them more often. The same seed makes the same inputs.
 */
export async function fuzz(target: Target, options: FuzzOptions): Promise<Report> {
  const { coverage, goOn } = options;
  const random = seededRandom(options.seed);
  const judge = new Judge(target, options.maxMs);
  const findings = new Map<string, Finding>();
  const corpus: { input: Uint8Array; picked: number }[] = [];

  /** @returns whether it was read as it must be. */
  const read = async (input: Uint8Array, isTwice: boolean): Promise<boolean> => {
    const reason = await judge.wrongWith(input, isTwice);
    if (reason === undefined) return true;
    if (findings.has(kindOf(reason))) return false;
    const isSame = async (shorter: Uint8Array) =>
      kindOf((await judge.wrongWith(shorter)) ?? '') === kindOf(reason);
    findings.set(kindOf(reason), { input: await shrink(input, isSame), reason });
    coverage?.take();
    return false;
  };
  const join = (input: Uint8Array) => corpus.push({ input, picked: 0 });
  /** Reads an input alone, and keeps it if it reached something. */
  const explore = async (input: Uint8Array) => {
    // Once, or its counts would be doubled.
    const isFine = await read(input, false);
    const trace = coverage?.take();
    if (!trace || !coverage?.isNews(trace, true)) return;
    coverage.learn(trace);
    if (isFine) join(input);
  };

  coverage?.take();
  for (const seed of target.seeds) {
    await explore(seed);
    if (!corpus.some(({ input }) => input === seed)) join(seed);
  }
  while (findings.size < mostFindings && goOn(judge.executions)) {
    const parents = Array.from({ length: 3 }, () => corpus[Math.floor(random() * corpus.length)]);
    const parent = parents.reduce((a, b) => ((b?.picked ?? 0) < (a?.picked ?? 0) ? b : a));
    const other = parents[0]?.input;
    if (!parent || !other) throw new Error('a target needs a seed');
    parent.picked++;
    const inputs = Array.from({ length: batch }, () =>
      mutant(parent.input, other, target, random).subarray(0, longestInput),
    );
    await explore(inputs[0] as Uint8Array);
    for (const [i, input] of inputs.slice(1).entries()) await read(input, i === 0);
    const trace = coverage?.take();
    if (trace && coverage?.isNews(trace, false)) for (const input of inputs.slice(1)) await explore(input);
  }
  return {
    executions: judge.executions,
    corpus: corpus.map(({ input }) => input),
    findings: [...findings.values()],
  };
}

/** What findings of one fault have in common: what is said, without numbers and quotations, and where. */
function kindOf(reason: string): string {
  const [said = '', place = ''] = reason.split('\n');
  return said.replaceAll(/\d+|"[^"]*"|'[^']*'/g, '') + place;
}
