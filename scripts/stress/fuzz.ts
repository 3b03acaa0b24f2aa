/** Fuzzes the readers of untrusted bytes, guided by the code that inputs reach. See `--help`. */
import { Worker } from 'node:worker_threads';
import { fail, parseCommand, readCount } from '../harness/command.ts';
import { keep } from '../harness/fuzz/corpus.ts';
import type { Finding } from '../harness/fuzz/fuzz.ts';
import { SharedInput } from '../harness/fuzz/shared-input.ts';
import { type TargetName, targetNames, targets } from '../harness/fuzz/targets.ts';
import type { Task, ThreadReport } from '../harness/fuzz/thread.ts';
import { record } from './record.ts';

/** Milliseconds that an input may take. */
const maxMs = 2_000;
/** Milliseconds after which an input counts as one that never ends. */
const hangMs = 60_000;

const { values } = parseCommand(
  `Usage: npm run stress -- fuzz [options]

Changes good inputs at random, and keeps those that reach new code. A finding is shrunk and written to test/hostile/corpus,
which npm test replays. Requests run with the heap of a Worker, 128 MB, and may block the event loop for 250 ms a megabyte.

  --minutes N    for all targets together (default: 10)
  --seed N       the same seed makes the same inputs (default: 1)
  --target NAME  one of ${targetNames.join(', ')} (default: all)
  --record       write the result into SECURITY.md, and keep the inputs that reach the most`,
  {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
    record: { type: 'boolean', default: false },
  },
);
const minutes = readCount('minutes', values.minutes);
const firstSeed = readCount('seed', values.seed);
const names = targetNames.filter((name) => !values.target || name === values.target);
if (names.length === 0) fail(`--target: expected one of ${targetNames.join(', ')}, got ${values.target}`);
const shares = names.reduce((sum, name) => sum + targets[name].share, 0);

const reports: string[] = [];
let [executions, inputs, found] = [0, 0, 0];
for (const name of names) {
  const time = (minutes * 60_000 * targets[name].share) / shares;
  const { report, findings, ran } = await run(name, time);
  for (const { input, reason } of findings) {
    keep(name, input);
    console.error(`${name}: ${reason}`);
  }
  if (values.record) for (const input of report?.kept ?? []) keep(name, input);
  executions += ran;
  inputs += report?.corpus.length ?? 0;
  found += findings.length;
  reports.push(`${name} ${report?.blocks.reached} of ${report?.blocks.all}`);
  console.log(`${name}: ${ran} inputs in ${(time / 1000).toFixed(0)} s, blocks reached: ${reports.at(-1)}`);
}
process.exitCode = found > 0 ? 1 : 0;
if (values.record)
  record(
    'npm run stress -- fuzz',
    `${executions.toLocaleString('en')} inputs in ${minutes} min, of which ${inputs} reached new code; ` +
      `blocks: ${reports.join(', ')}; ${found || 'no'} findings`,
  );

/** Fuzzes in threads. An input that ends its thread is a finding; the next thread takes the time that is left. */
async function run(name: TargetName, time: number) {
  const end = performance.now() + time;
  const findings: Finding[] = [];
  let report: ThreadReport | undefined;
  let ran = 0;
  for (let seed = firstSeed; !report && performance.now() < end; seed++) {
    const shared = new SharedInput();
    const ended = await runThread(
      { name, seed, maxMs, time: end - performance.now(), shared: shared.buffer },
      shared,
    );
    ran += shared.count;
    if ('reason' in ended) findings.push(ended);
    else report = ended;
  }
  return { report, findings: [...findings, ...(report?.findings ?? [])], ran };
}

function runThread(task: Task, shared: SharedInput): Promise<ThreadReport | Finding> {
  const thread = new Worker(new URL('../harness/fuzz/thread.ts', import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: targets[task.name].heapMb },
  });
  let [count, since] = [0, performance.now()];
  return new Promise<ThreadReport | Finding>((resolve) => {
    const lost = (reason: string) => resolve({ input: shared.input, reason });
    const watch = setInterval(() => {
      if (shared.count !== count) [count, since] = [shared.count, performance.now()];
      else if (performance.now() - since > hangMs) lost(`it does not end within ${hangMs} ms`);
    }, 1_000);
    thread.once('message', resolve).once('error', (error) => lost(`it ends the thread: ${error}`));
    thread.once('exit', () => clearInterval(watch));
  }).finally(() => thread.terminate());
}
