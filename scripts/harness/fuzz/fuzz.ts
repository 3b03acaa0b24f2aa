import { seededRandom } from '../inputs/random-vectors.ts';
import type { Coverage } from './coverage.ts';
import { Judge, type TimeBounds } from './judge.ts';
import { mutant } from './mutant.ts';
import { shrink } from './shrink.ts';
import type { Target } from './target.ts';

/** Inputs per look at the coverage, which costs as much as tens of them. */
const batch = 64;

/** Most bytes of an input, where its target has no other limit: longer ones find little and cost time. */
export const maxInputBytes = 32 * 1024;
/** Most bytes of any target's inputs. */
export const mostInputBytes = 1024 * 1024;

/** Different findings after which a run ends. */
const maxFindings = 10;

/** An input that breaks a rule, and which. */
export interface Finding {
  input: Uint8Array;
  reason: string;
}

/** The result of a run. */
export interface Report {
  executions: number;
  /** The seeds, then inputs that reached new code, or known code more often. */
  corpus: Uint8Array[];
  findings: Finding[];
}

export interface FuzzOptions extends TimeBounds {
  seed: number;
  /** Guides the search. Without it, the fuzzer only changes its seeds. */
  coverage?: Coverage | undefined;
  /** Whether to go on; called for each batch. */
  goOn(executions: number): boolean;
}

/**
 * Searches for inputs that make a target break a rule: changes inputs at random, and keeps those that reach new blocks of
 * code, or known ones more often. The same seed makes the same inputs.
 */
export async function fuzz(target: Target, options: FuzzOptions): Promise<Report> {
  const { coverage, goOn } = options;
  const random = seededRandom(options.seed);
  const judge = new Judge(target, options);
  const findings = new Map<string, Finding>();
  const corpus: { input: Uint8Array; picked: number }[] = [];

  /** @returns whether the target kept every rule. */
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
  /** Reads an input alone, and keeps it if it reached new code. */
  const explore = async (input: Uint8Array) => {
    // Read once: twice would double its counts.
    const isFine = await read(input, false);
    const trace = coverage?.take();
    if (!trace || !coverage?.isNews(trace, true)) return;
    coverage.learn(trace);
    // Long ones are for once: their mutants would take most of the time.
    if (isFine && input.length <= maxInputBytes) join(input);
  };

  coverage?.take();
  for (const seed of target.seeds) {
    await explore(seed);
    if (!corpus.some(({ input }) => input === seed)) join(seed);
  }
  while (findings.size < maxFindings && goOn(judge.executions)) {
    const parents = Array.from({ length: 3 }, () => corpus[Math.floor(random() * corpus.length)]);
    const parent = parents.reduce((a, b) => ((b?.picked ?? 0) < (a?.picked ?? 0) ? b : a));
    const other = parents[0]?.input;
    if (!parent || !other) throw new Error('Expected a target with a seed, got none');
    parent.picked++;
    const inputs = Array.from({ length: batch }, () =>
      mutant(parent.input, other, target, random).subarray(0, target.maxBytes ?? maxInputBytes),
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

/** Groups findings by fault: message without numbers and quotations, and place. */
function kindOf(reason: string): string {
  const [said = '', place = ''] = reason.split('\n');
  return said.replaceAll(/\d+|"[^"]*"|'[^']*'/g, '') + place;
}
