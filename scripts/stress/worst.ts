/** Measures the worst bodies that are accepted. See `--help`. */

import { buildAssets, parseCommand, readCount } from '../harness/command.ts';
import { warmUp, worstBodies } from '../harness/inputs/worst-bodies.ts';
import { type Cost, costOf, memoryOf, sendAccepted } from '../harness/load/cost.ts';
import { quantile } from '../harness/quantile.ts';
import { isolateHeap, startBareWorkerd } from '../harness/servers/bare-workerd.ts';
import { recordTable } from './record.ts';

const { values } = parseCommand(
  `Usage: npm run stress -- worst [options]

Sends the worst accepted bodies of every route to workerd with the heap of a Worker (128 MB), and measures the CPU time of each,
the most of it that passes before /health is answered meanwhile, and the memory that each takes in a fresh workerd.

  --rounds N  of which the median counts (default: 3)
  --record    write the table into SECURITY.md`,
  { rounds: { type: 'string', default: '3' }, record: { type: 'boolean', default: false } },
);
const rounds = readCount('rounds', values.rounds);
buildAssets();
const bodies = await worstBodies();
const workerd = await startBareWorkerd(undefined, { flags: isolateHeap });
const costs = new Map(bodies.map(({ name }): [string, Cost[]] => [name, []]));
try {
  await sendAccepted(workerd, warmUp);
  for (let round = 0; round < rounds; round++)
    for (const { before, ...body } of bodies) {
      if (before) await sendAccepted(workerd, before);
      costs.get(body.name)?.push(await costOf(workerd, sendAccepted(workerd, body)));
    }
} finally {
  await workerd.stop();
}
const rows: string[][] = [];
for (const body of bodies) {
  const { name, method, path } = body;
  const cost = costs.get(name) ?? [];
  const mb = await memoryOf(body);
  const median = (part: keyof Cost) => quantile(cost.map((each) => each[part])).toFixed(0);
  const megabytes = [body.body.length / 1e6, Math.max(mb, 0)].map((value) => value.toFixed(1));
  rows.push([`\`${method} ${path}\``, name, ...megabytes, median('total'), median('health')]);
  console.log(rows.at(-1)?.join(', '));
}
if (values.record)
  recordTable('npm run stress -- worst', [
    ['route', 'body', 'MB of body', 'MB beyond it', 'ms of CPU', 'ms before `/health`'],
    ...rows,
  ]);
