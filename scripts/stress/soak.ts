/**
 * Loads a server of this machine, and cuts off what it is sent.
 *
 * `load` classifies 10,000 pictures at a concurrency of 20, holds every answer against the first of its picture, and the memory
 * of workerd at the end against that in the middle; then 1,000 at a concurrency of 4, none of which may be refused.
 * `uploads` measures good requests beside 50 uploads of a byte a second, and breaks 4,000 off at 10, 50 and 90 %: nothing may be
 * stored or kept. For both, a build that leaks on purpose must fail.
 *
 *     npm run soak [-- --only load|uploads --requests 10000 --record]
 */
import { parseArgs } from 'node:util';
import { mostGrowth, runSoak } from '../harness/load/soak.ts';
import { runUploads } from '../harness/load/uploads.ts';
import { record } from './record.ts';

/** How many times as long a good answer may take at the 99th percentile beside slow uploads as alone. */
const mostSlowdown = 2;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    requests: { type: 'string', default: '10000' },
    record: { type: 'boolean', default: false },
  },
});
const requests = Number(values.requests);
const leakingWorker = 'scripts/harness/load/leaking-worker.ts';
const phases = { load, uploads };
for (const [name, phase] of Object.entries(phases)) {
  if (values.only !== undefined && values.only !== name) continue;
  const { result, failures } = await phase();
  console.log(result);
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
  if (values.record) record(`npm run soak -- --only ${name}`, result);
}

async function load(): Promise<Outcome> {
  const full = await runSoak(requests, 20);
  console.log('concurrency 20:', full);
  const few = await runSoak(Math.ceil(requests / 10), 4);
  console.log('concurrency 4:', few);
  const leaking = await runSoak(Math.ceil(requests / 2), 20, leakingWorker);
  console.log('leaking on purpose:', leaking);
  return {
    result:
      `${requests} requests, 20 at a time: ${full.refused} refused, none wrong or lost, p99 ${full.p99} ms; ` +
      `workerd from ${full.middle} to ${full.end} MB, and with a leak from ${leaking.middle} to ${leaking.end}`,
    failures: [
      ...growth(full, leaking),
      ...(few.refused > 0 ? [`${few.refused} of four at a time were refused`] : []),
    ],
  };
}

async function uploads(): Promise<Outcome> {
  const report = await runUploads(1_000, 4_000);
  console.log('slow and broken uploads:', report);
  const leaking = await runUploads(40, 1_500, leakingWorker);
  console.log('leaking on purpose:', leaking);
  const slowdown = report.p99Beside / report.p99Alone;
  return {
    result:
      `p99 of good requests ${report.p99Alone} ms, and ${report.p99Beside} beside 50 uploads of a byte a second (x ${slowdown.toFixed(2)}), ` +
      `all ${report.slow} of which ended in 408; ${report.cut} uploads broken off: nothing stored, ` +
      `workerd from ${report.middle} to ${report.end} MB, and with a leak from ${leaking.middle} to ${leaking.end}`,
    failures: [
      ...growth(report, leaking),
      ...(slowdown > mostSlowdown
        ? [`slow uploads made good requests ${slowdown.toFixed(2)} times as slow`]
        : []),
    ],
  };
}

interface Outcome {
  result: string;
  failures: string[];
}

type Kept = { middle: number; end: number };

function growth(report: Kept, leaking: Kept): string[] {
  const failures: string[] = [];
  if (report.end - report.middle > mostGrowth) failures.push(`workerd grew by more than ${mostGrowth} MB`);
  if (leaking.end - leaking.middle <= mostGrowth) failures.push('a leak of 100 kB a request was not found');
  return failures;
}
