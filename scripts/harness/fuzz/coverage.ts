import { type Profiler, Session } from 'node:inspector';

/** A block of code, and how often it ran in one input: a bit for each of 1, 2, 3, 4 to 7, and so on to 128 or more. */
interface Block {
  seen: number;
}

/** The blocks that ran since the last call, each with the bit of its count. */
export type Trace = readonly (readonly [block: Block, bit: number])[];

/**
 * Counts which blocks of code run, by V8's precise coverage of this thread. Create it first, then import the code to
 * measure: of code that was compiled before, V8 counts functions only. One at a time.
 *
 * An engine of our own, since jazzer.js 4.0 cannot run here: its prebuilt addon needs glibc 2.38 (Debian 12 has 2.36), and its
 * loader instruments modules of the format `module`, but not those whose types Node strips (`module-typescript`).
 */
export class Coverage {
  readonly #session = new Session();
  readonly #sources: RegExp;
  readonly #functions = new Map<string, Map<number, Block>>();

  /** @param sources - matches the URLs of the modules to measure. */
  constructor(sources: RegExp) {
    this.#sources = sources;
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Stops counting. */
  stop(): void {
    this.#session.disconnect();
  }

  /** Takes what ran since the last call. A call costs as much as tens of inputs, so take many inputs together where possible. */
  take(): Trace {
    let scripts: Profiler.ScriptCoverage[] = [];
    // The callback runs before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error;
      scripts = answer.result;
    });
    const ours = scripts.filter(({ url }) => this.#sources.test(url) && !url.includes('node_modules'));
    return ours.flatMap(({ url, functions }) => functions.flatMap(({ ranges }) => this.#trace(url, ranges)));
  }

  /** Whether a block ran for the first time; with `byCount`, or for the first time that often. */
  isNews(trace: Trace, byCount: boolean): boolean {
    return trace.some(([{ seen }, bit]) => (byCount ? !(seen & bit) : seen === 0));
  }

  /** Marks a trace as known. */
  learn(trace: Trace): void {
    for (const [block, bit] of trace) block.seen |= bit;
  }

  /** Blocks that ran in the learned traces, and all that V8 has reported. */
  get blocks(): { reached: number; all: number } {
    const all = [...this.#functions.values()].flatMap((blocks) => [...blocks.values()]);
    return { reached: all.filter(({ seen }) => seen > 0).length, all: all.length };
  }

  /** V8 omits a block that ran as often as the block around it, so a block's count is that of the innermost range. */
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
