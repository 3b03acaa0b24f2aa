/** Loads a server on this machine, and breaks uploads off. See `--help`. */
import { buildAssets, fail, parseCommand, readCount } from '../harness/command.ts';
import { maxGrowth, runSoak } from '../harness/load/soak.ts';
import { runUploads } from '../harness/load/uploads.ts';
import { record } from './record.ts';

/** Most that slow uploads may multiply the 99th percentile of good answers by. */
const maxSlowdown = 2;

const { values } = parseCommand(
  `Usage: npm run stress -- soak [options]

load     classifies 10,000 pictures, 20 at a time, and compares every answer with the first for its picture, and
         workerd's memory at the end with that in the middle; then 1,000, 4 at a time, of which none may be refused
uploads  measures good requests beside 50 uploads of a byte per second, then breaks 4,000 uploads off at 10, 50 and
         90 %: nothing of them may be stored or kept

In both, a build that leaks on purpose must fail.

  --only NAME   load or uploads (default: both)
  --requests N  of load (default: 10000)
  --record      write the result into SECURITY.md`,
  {
    only: { type: 'string' },
    requests: { type: 'string', default: '10000' },
    record: { type: 'boolean', default: false },
  },
);
const requests = readCount('requests', values.requests);
if (values.only !== undefined && !/^(load|uploads)$/.test(values.only))
  fail(`--only: expected load or uploads, got ${values.only}`);
buildAssets();
const leakingWorker = 'scripts/harness/load/leaking-worker.ts';
const phases = { load, uploads };
for (const [name, phase] of Object.entries(phases)) {
  if (values.only !== undefined && values.only !== name) continue;
  const { result, failures } = await phase();
  console.log(result);
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) process.exitCode = 1;
  if (values.record) record(`npm run stress -- soak --only ${name}`, result);
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
      ...(few.refused > 0 ? [`${few.refused} requests were refused at a concurrency of 4`] : []),
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
      `p99 of good requests ${report.p99Alone} ms, ${report.p99Beside} ms beside 50 uploads of a byte per second (x ${slowdown.toFixed(2)}), ` +
      `all ${report.slow} of which ended in 408; ${report.cut} uploads broken off: nothing stored, ` +
      `workerd from ${report.middle} to ${report.end} MB, and with a leak from ${leaking.middle} to ${leaking.end}`,
    failures: [
      ...growth(report, leaking),
      ...(slowdown > maxSlowdown
        ? [
            `slow uploads multiplied the p99 of good requests by ${slowdown.toFixed(2)}, more than ${maxSlowdown}`,
          ]
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
  if (report.end - report.middle > maxGrowth) failures.push(`workerd grew by more than ${maxGrowth} MB`);
  if (leaking.end - leaking.middle <= maxGrowth)
    failures.push('the leak of 100 kB per request was not found');
  return failures;
}
