/** Measures what answers cost, beside what people would use instead. See `--help`. */
import { buildAssets, fail, parseCommand, readCount } from '../harness/command.ts';
import { endpoint } from './parts/endpoint.ts';
import { growth } from './parts/growth.ts';
import { limit } from './parts/limit.ts';
import { many } from './parts/many.ts';
import { node } from './parts/node.ts';
import { page } from './parts/page.ts';
import { photos } from './parts/photos.ts';
import { start } from './parts/start.ts';
import { type Effort, type Findings, keep } from './report.ts';

const parts: Record<string, (effort: Effort) => Promise<Findings>> = {
  endpoint,
  start,
  page,
  many,
  node,
  growth,
  photos,
  limit,
};
const names = Object.keys(parts);
const { values } = parseCommand(
  `Usage: npm run bench [-- options]

Measures what answers cost, beside what people would use instead, and writes BENCHMARKS.md. Takes some minutes for each part
on a quiet machine. Installs the packages to compare with into a folder of their own, once.

  --only PART  one of ${names.join(', ')}; may be repeated (default: all)
  --rounds N   of every table (default: 11)
  --visits N   fresh browsers and servers (default: 5)`,
  {
    only: { type: 'string', multiple: true, default: names },
    rounds: { type: 'string', default: '11' },
    visits: { type: 'string', default: '5' },
  },
);
const effort: Effort = {
  rounds: readCount('rounds', values.rounds),
  visits: readCount('visits', values.visits),
};
for (const name of values.only)
  if (!parts[name]) fail(`--only: expected one of ${names.join(', ')}, got ${name}`);
buildAssets();
for (const [name, measure] of Object.entries(parts)) {
  if (!values.only.includes(name)) continue;
  const began = performance.now();
  const findings = await measure(effort);
  await keep(name, findings, names);
  console.log(`## ${findings.title}\n\n${findings.text}\n`);
  console.log(`(${name}: ${((performance.now() - began) / 1000).toFixed(0)} s)\n`);
}
process.exit();
