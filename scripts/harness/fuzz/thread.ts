import { parentPort, workerData } from 'node:worker_threads';
import { readCorpus, worthKeeping } from './corpus.ts';
import { Coverage } from './coverage.ts';
import { fuzz, type Report } from './fuzz.ts';
import { Lane } from './lane.ts';
import type { Target } from './target.ts';
import { type TargetName, targets } from './targets.ts';

/** What a thread is to do. */
export interface Task {
  name: TargetName;
  seed: number;
  /** Milliseconds. */
  time: number;
  /** Milliseconds that an input may take. */
  maxMs: number;
  /** Of a {@link Lane}. */
  lane: SharedArrayBuffer;
}

/** What a thread says in the end. */
export interface ThreadReport extends Report {
  blocks: Coverage['blocks'];
  /** The few of the corpus that are worth to be replayed. */
  kept: Uint8Array[];
}

const { name, seed, time, maxMs, lane: buffer } = workerData as Task;
const lane = new Lane(buffer);
const coverage = new Coverage(targets[name].sources);
const { run, seeds, ...rest } = await targets[name].load();
const target: Target = {
  ...rest,
  seeds: [...seeds, ...readCorpus(name).map(({ input }) => input)],
  run(input) {
    lane.input = input;
    return run(input);
  },
};
const end = performance.now() + time;
const report = await fuzz(target, { seed, coverage, maxMs, goOn: () => performance.now() < end });
const { blocks } = coverage;
const kept = await worthKeeping(target, report.corpus, coverage);
parentPort?.postMessage({ ...report, blocks, kept } satisfies ThreadReport);
