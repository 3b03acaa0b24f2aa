/**
 * What answers cost, beside what people would use instead: writes `BENCHMARKS.md`.
 *
 *     npm run bench [-- --only endpoint|start|page|node|growth|limit] [--rounds 11] [--visits 5]
 *
 * Some minutes on a quiet machine. The packages to compare with are installed into a folder of their own, once.
 */
import { parseArgs } from 'node:util';
import { endpoint } from './parts/endpoint.ts';
import { growth } from './parts/growth.ts';
import { limit } from './parts/limit.ts';
import { node } from './parts/node.ts';
import { page } from './parts/page.ts';
import { start } from './parts/start.ts';
import { type Effort, type Findings, keep } from './report.ts';

const parts: Record<string, (effort: Effort) => Promise<Findings>> = {
  endpoint,
  start,
  page,
  node,
  growth,
  limit,
};
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '11' },
    visits: { type: 'string', default: '5' },
  },
});
const names = values.only ? [values.only] : Object.keys(parts);
for (const name of names) {
  const measure = parts[name];
  if (!measure) throw new Error(`There is no part ${name}, only ${Object.keys(parts).join(', ')}`);
  const began = performance.now();
  const findings = await measure({ rounds: Number(values.rounds), visits: Number(values.visits) });
  await keep(name, findings, Object.keys(parts));
  console.log(`## ${findings.title}\n\n${findings.text}\n`);
  console.log(`(${name}: ${((performance.now() - began) / 1000).toFixed(0)} s)\n`);
}
process.exit();
