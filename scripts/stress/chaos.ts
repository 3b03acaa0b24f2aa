/** Kills workerd in the middle of writes, and looks for every acknowledged vector. See `--help`. */
import { buildAssets, parseCommand, readCount } from '../harness/command.ts';
import { runChaos } from '../harness/load/chaos.ts';
import { record } from './record.ts';

const { values } = parseCommand(
  `Usage: npm run stress -- chaos [options]

Writes vectors from four sides to a server on this machine, kills it at a random moment, starts it again on the same disk,
and compares: every acknowledged write must be there bit by bit, every other one whole or not at all.

  --rounds N  kills (default: 200)
  --seed N    of the random moments and vectors (default: 1)
  --record    write the result into SECURITY.md`,
  {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
);
buildAssets();
const rounds = readCount('rounds', values.rounds);
const began = performance.now();
const report = await runChaos(rounds, readCount('seed', values.seed), (round, { writes }) =>
  console.log(`round ${round} of ${rounds}: all ${writes} acknowledged writes are there`),
);
console.log(`${rounds} rounds in ${((performance.now() - began) / 60_000).toFixed(1)} min:`, report);
if (values.record)
  record(
    'npm run stress -- chaos',
    `${rounds} rounds of kill -9: ${report.writes} writes acknowledged, ${report.compared} vectors compared, none lost; ` +
      `${report.cut} writes interrupted, none stored in part`,
  );
