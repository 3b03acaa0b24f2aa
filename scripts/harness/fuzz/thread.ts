import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus, worthKeeping } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { fuzz, type Report } from './fuzz.ts';
import { SharedInput } from './shared-input.ts';
import type { Target } from './target.ts';
import { type TargetName, targets } from './targets.ts';

/** The task of a thread. */
export interface Task {
  name: TargetName;
  seed: number;
  /** Milliseconds. */
  time: number;
  /** Milliseconds that an input may take. */
  maxMs: number;
  /** Of a {@link SharedInput}. */
  shared: SharedArrayBuffer;
}

/** What a thread reports at its end. */
export interface ThreadReport extends Report {
  blocks: Coverage['blocks'];
  /** The few of the corpus that are worth replaying. */
  kept: Uint8Array[];
}

const { name, seed, time, maxMs, shared: buffer } = workerData as Task;
const shared = new SharedInput(buffer);
const coverage = new Coverage(targets[name].sources);
const { run, seeds, ...rest } = await targets[name].load();
const target: Target = {
  ...rest,
  seeds: [...seeds, ...readCorpus(name).map(({ input }) => input)],
  run(input) {
    shared.input = input;
    return run(input);
  },
};
const end = performance.now() + time;
const { maxBlockMs } = targets[name];
const report = await fuzz(target, {
  seed,
  coverage,
  maxMs,
  maxBlockMs,
  goOn: () => performance.now() < end,
});
const { blocks } = coverage;
const kept = await worthKeeping(target, report.corpus, coverage);
parentPort?.postMessage({ ...report, blocks, kept } satisfies ThreadReport);
