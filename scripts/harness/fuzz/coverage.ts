import { type Profiler, Session } from 'node:inspector';

/** A block of code, and which numbers of runs it was seen to have: a bit for 1, 2, 3, 4 to 7, up to 128 and more. */
interface Block {
  seen: number;
}

/** The blocks that ran since the last look, each with the bit of its number of runs. */
export type Trace = readonly (readonly [block: Block, bit: number])[];

/**
 * Counts which blocks of code run, by V8's precise coverage of this thread. Code that was compiled before counts by the
 * function only: make this first, and import what is to be measured after. One at a time.
 */
export class Coverage {
  readonly #session = new Session();
  readonly #sources: RegExp;
  readonly #functions = new Map<string, Map<number, Block>>();

  /** @param sources - matches the URLs of the modules that count. */
  constructor(sources: RegExp) {
    this.#sources = sources;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Ends the counting. */
  stop(): void {
    this.#session.disconnect();
  }

  /** What ran since the last call. A call costs as much as tens of inputs, so look at many together where that will do. */
  take(): Trace {
    let scripts: Profiler.ScriptCoverage[] = [];
    // The answer comes before the call returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      scripts = answer.result;
    });
    const ours = scripts.filter(({ url }) => this.#sources.test(url) && !url.includes('node_modules'));
    return ours.flatMap(({ url, functions }) => functions.flatMap(({ ranges }) => this.#trace(url, ranges)));
  }

  /** Whether a block ran that never did; with `byCount` also one that never did so often. */
  isNews(trace: Trace, byCount: boolean): boolean {
    return trace.some(([{ seen }, bit]) => (byCount ? !(seen & bit) : seen === 0));
  }

  /** Takes all of it as known. */
  learn(trace: Trace): void {
    for (const [block, bit] of trace) block.seen |= bit;
  }

  /** Blocks that ran in what was learned, and all that V8 has told of. */
  get blocks(): { reached: number; all: number } {
    const all = [...this.#functions.values()].flatMap((blocks) => [...blocks.values()]);
    return { reached: all.filter(({ seen }) => seen > 0).length, all: all.length };
  }

  /** V8 leaves out a block that ran as often as the one around it: its count is that of the innermost range. */
  #trace(url: string, ranges: Profiler.CoverageRange[]): Trace {
    const [whole] = ranges as [Profiler.CoverageRange];
    const key = `${url}:${whole.startOffset}:${whole.endOffset}`;
    const blocks = this.#functions.get(key) ?? new Map<number, Block>();
    this.#functions.set(key, blocks);
    for (const { startOffset } of ranges) if (!blocks.has(startOffset)) blocks.set(startOffset, { seen: 0 });
    return Array.from(blocks, ([at, block]) => {
      let count = 0;
      for (const range of ranges) if (range.startOffset <= at && at < range.endOffset) count = range.count;
      return [block, bitOf(count)] as const;
    }).filter(([, bit]) => bit > 0);
  }
}

function bitOf(count: number): number {
  if (count < 4) return count && 1 << (count - 1);
  return 1 << Math.min(Math.floor(Math.log2(count)) + 1, 8);
}
