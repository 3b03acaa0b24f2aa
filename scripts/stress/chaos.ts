/**
 * Kills workerd in the middle of writes, again and again, and looks for what was acknowledged: see
 * `scripts/harness/load/chaos.ts`. On the loopback address, with its state in a temporary folder.
 *
 *     npm run chaos [-- --rounds 200 --seed 1 --record]
 */
import { parseArgs } from 'node:util';
import { runChaos } from '../harness/load/chaos.ts';
import { record } from './record.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds);
const began = performance.now();
const report = await runChaos(rounds, Number(values.seed), (round, { writes }) =>
  console.log(`round ${round} of ${rounds}: ${writes} writes so far, all there`),
);
console.log(`${rounds} rounds in ${((performance.now() - began) / 60_000).toFixed(1)} min:`, report);
if (values.record)
  record(
    'npm run chaos',
    `${rounds} rounds of kill -9: ${report.writes} writes acknowledged, ${report.compared} vectors compared, none lost; ` +
      `${report.cut} writes cut off, none by half`,
  );
