import { readFileSync } from 'node:fs';
import { quantile } from '../../harness/quantile.ts';
import { startBareWorkerd } from '../../harness/servers/bare-workerd.ts';
import { ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { overHttp, png, post } from '../served.ts';

const requests = 10_000;
const { models } = JSON.parse(
  readFileSync(new URL('../../../dist/assets/models/index.json', import.meta.url), 'utf8'),
) as { models: string[] };

const [empty, ours, stock] = [
  'a Worker that only reads',
  'the deployment',
  'the deployment on the stock runtime',
];
const entries: Record<string, string> = {
  [empty]: 'scripts/bench/workers/empty.ts',
  [ours]: 'src/worker.ts',
  [stock]: 'scripts/bench/workers/stock.ts',
};

/** Milliseconds and MB of one Worker. */
interface Row {
  /** From the start of the process to the first answer: wall time, and processor time. */
  first: number;
  cpu: number;
  /** Resident memory with all models, and after many requests. */
  loaded: number;
  used: number;
  heap: number;
  buffers: number;
}

/** Measures the Worker's time to the first answer, and its memory then and after many requests. */
export async function start({ visits }: Effort): Promise<Findings> {
  const names = Object.keys(entries);
  const found = new Map(names.map((name) => [name, [] as Row[]]));
  for (let visit = 0; visit < visits; visit++)
    for (const name of names) found.get(name)?.push(await measure(entries[name] as string, visit === 0));

  const all = (name: string, key: keyof Row) => (found.get(name) as Row[]).map((row) => row[key]);
  const over = (name: string, key: keyof Row) =>
    all(name, key).map((value, i) => value - (all(empty, key)[i] as number));
  const [more] = over(ours, 'used') as [number];
  return {
    title: 'The start and the memory of the Worker',
    text: `A fresh workerd, ${visits} times: from the start of its process to its first answer to classify, over HTTP; then what the process holds (RSS)
with all models loaded, and, the first time, after ${requests.toLocaleString('en')} requests to them, of which the JavaScript heap and array
buffers are the inspector's figures.

${table(
  [
    '',
    'first answer, ms',
    'processor time to it, ms',
    'MB with all models',
    `MB after ${requests.toLocaleString('en')} requests`,
    'MB of JavaScript heap',
    'MB of array buffers',
  ],
  names.map((name) => [
    name,
    spread(all(name, 'first')),
    spread(all(name, 'cpu')),
    spread(all(name, 'loaded')),
    ...(['used', 'heap', 'buffers'] as const).map((key) => (all(name, key)[0] as number).toFixed(0)),
  ]),
)}

Over the Worker that only reads, the deployment takes ${ratio(over(ours, 'first'), over(stock, 'first')).toFixed(2)} of the stock runtime's time to the first answer, and
${ratio(over(ours, 'cpu'), over(stock, 'cpu')).toFixed(2)} of its processor time. It holds ${quantile(over(ours, 'loaded'))} MB more than that Worker with all models loaded, and ${more} MB
more after the requests.`,
    ratios: {
      'Worker: first answer of a process, over the stock runtime': ratio(
        over(ours, 'first'),
        over(stock, 'first'),
      ),
      'Worker: memory over an empty one, over the stock runtime': ratio(
        over(ours, 'loaded'),
        over(stock, 'loaded'),
      ),
    },
  };
}

/** @param many - also sends many requests. */
async function measure(entry: string, many: boolean): Promise<Row> {
  const workerd = await startBareWorkerd(entry);
  try {
    const classify = `${workerd.url}/v1/classify`;
    await post(classify, png);
    const first = performance.now() - workerd.began;
    const cpu = processorTime(workerd.pid);
    const urls = models.map((name) => `${classify}?model=${name}`);
    for (const url of urls) await post(url, png);
    const loaded = workerd.memory();
    if (many) await Promise.all(urls.map((url) => overHttp(url, png, 4, requests / urls.length)));
    return { first, cpu, loaded, used: workerd.memory(), ...(await heapOf(workerd.inspector)) };
  } finally {
    await workerd.stop();
  }
}

/** Milliseconds of processor time of a process, on Linux. */
function processorTime(pid: number): number {
  // User and system time, in hundredths of a second.
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
  return 10 * ((user as number) + (system as number));
}

/** MB of the Worker's JavaScript heap and of its array buffers. */
async function heapOf(inspector: string): Promise<{ heap: number; buffers: number }> {
  const socket = new WebSocket(inspector);
  try {
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    const answer = new Promise<{ totalSize: number; backingStorageSize: number }>((resolve) => {
      socket.onmessage = ({ data }) => {
        const { id, result } = JSON.parse(data);
        if (id === 1) resolve(result);
      };
    });
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }));
    const { totalSize, backingStorageSize } = await answer;
    return { heap: totalSize / 1e6, buffers: backingStorageSize / 1e6 };
  } finally {
    socket.close();
  }
}
