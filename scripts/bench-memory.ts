/**
 * What the Worker holds and what its start takes, to the first answer, beside a Worker that does nothing: on the trimmed runtime and
 * on the stock one, with every model of the deployment.
 *
 *     npm run bench:memory [-- --requests 10000 --starts 3]
 *
 * Memory is that of the workerd process, in which wrangler's own Workers live too: only differences tell something.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { createClient } from '../src/index.ts';
import { drawPng } from '../test/helpers/draw-png.ts';
import { type Hosted, startHosted } from '../test/helpers/hosted.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '10000' }, starts: { type: 'string', default: '3' } },
});
const [requests, starts] = [Number(values.requests), Number(values.starts)];
const png = drawPng(32, 32, (x, y) => [x * 8, y * 8, (x * y) % 256]);

/** Resident megabytes of workerd, and milliseconds of processor time since it started; on Linux. */
function usage({ pid }: Hosted): { resident: number; cpu: number } {
  const rows = execFileSync('ps', ['-A', '-o', 'pgid=,pid=,rss=,comm='], { encoding: 'utf8' }).split('\n');
  const ours = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([group, , , name]) => Number(group) === pid && name === 'workerd')
    .sort((a, b) => Number(b[2]) - Number(a[2]));
  const [, process, size] = ours[0] as string[];
  // User and system time, in hundredths of a second.
  const [user, system] = readFileSync(`/proc/${process}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
  return { resident: Number(size) / 1000, cpu: 10 * ((user as number) + (system as number)) };
}

interface Row {
  first: number;
  second: number;
  cpu: number;
  loaded: number;
  used: number;
}

/** Starts a Worker, and tells what its first answers take, and what it holds then and after many requests. */
async function measure(entry: string | undefined, many: boolean): Promise<Row> {
  const hosted = await startHosted(entry ? { entry } : {});
  try {
    const send = async (query = '') => {
      const began = performance.now();
      const answer = await fetch(`${hosted.url}/v1/classify${query}`, { method: 'POST', body: png });
      await answer.arrayBuffer();
      if (!answer.ok) throw new Error(`classify: ${answer.status}`);
      return performance.now() - began;
    };
    const first = await send();
    const { cpu } = usage(hosted);
    const second = await send();
    const models = entry?.includes('empty')
      ? []
      : (await createClient({ url: hosted.url }).models.list()).models;
    for (const { name } of models) await send(`?model=${name}`);
    const loaded = usage(hosted).resident;
    let left = many ? requests : 0;
    const caller = async () => {
      while (left-- > 0) await send(models.length > 0 ? `?model=${models[left % models.length]?.name}` : '');
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    return { first, second, cpu, loaded, used: usage(hosted).resident };
  } finally {
    await hosted.stop();
  }
}

const workers = {
  'an empty Worker': 'scripts/bench/empty-worker.ts',
  'the deployment': undefined,
  'on the stock runtime': 'scripts/bench/stock-worker.ts',
};
console.log(`${cpus().length} x ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}, ${starts} starts\n`);
console.log(
  `| | first answer, ms | second | CPU to the first, ms | MB once loaded | MB after ${requests} requests |`,
);
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
const rows = new Map<string, Row[]>(Object.keys(workers).map((name) => [name, []]));
for (let start = 0; start < starts; start++)
  for (const [name, entry] of Object.entries(workers))
    rows.get(name)?.push(await measure(entry, start === starts - 1));
const median = (list: Row[] = [], key: keyof Row) =>
  list.map((row) => row[key]).toSorted((a, b) => a - b)[list.length >> 1] as number;
for (const [name, list] of rows) {
  const last = list.at(-1) as Row;
  const figures = [
    median(list, 'first'),
    median(list, 'second'),
    median(list, 'cpu'),
    median(list, 'loaded'),
    last.used,
  ];
  console.log(`| ${name} | ${figures.map((figure) => figure.toFixed(0)).join(' | ')} |`);
}
