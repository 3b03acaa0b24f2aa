/**
 * Classifies 10,000 pictures at a concurrency of 20, holds every answer against the first of its picture, and the memory of
 * workerd at the end against that in the middle; then 1,000 at a concurrency of 4, none of which may be refused; then 2,000
 * alone and 2,000 beside 50 uploads of a byte a second; then breaks 300 uploads off. A build that leaks on purpose must fail.
 *
 *     npm run soak [-- --requests 10000 --record]
 */
import { parseArgs } from 'node:util';
import { mostGrowth, runSoak } from '../test/helpers/soak.ts';
import { runUploads } from '../test/helpers/uploads.ts';
import { record } from './record.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, record: { type: 'boolean', default: false } },
});
const requests = Number(values.requests);

const full = await runSoak(requests, 20);
console.log('concurrency 20:', full);
const few = await runSoak(Math.ceil(requests / 10), 4);
console.log('concurrency 4:', few);
const uploads = await runUploads(Math.ceil(requests / 5), 300);
console.log('slow and broken uploads:', uploads);
const leaking = await runSoak(Math.ceil(requests / 2), 20, 'test/helpers/leaking-worker.ts');
console.log('leaking on purpose:', leaking);

const failures = [
  full.end - full.middle > mostGrowth && `workerd grew by more than ${mostGrowth} MB`,
  few.refused > 0 && `${few.refused} of four at a time were refused`,
  uploads.end - uploads.middle > mostGrowth && `workerd grew by more than ${mostGrowth} MB by broken uploads`,
  leaking.end - leaking.middle <= mostGrowth && 'a leak of 100 kB a request was not found',
].filter(Boolean);
for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
if (values.record)
  record(
    'npm run soak',
    `${requests} requests, 20 at a time: ${full.refused} refused, none wrong or lost, p99 ${full.p99} ms; ` +
      `workerd from ${full.middle} to ${full.end} MB, and with a leak from ${leaking.middle} to ${leaking.end}; ` +
      `beside ${uploads.slow} bodies of a byte a second, all ended by 408, p99 ${(uploads.p99Beside / uploads.p99Alone).toFixed(1)} times that alone; ` +
      `${uploads.cut} uploads broken off, none stored in part, from ${uploads.middle} to ${uploads.end} MB`,
  );
