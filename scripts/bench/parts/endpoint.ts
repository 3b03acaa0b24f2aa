import { tensorMediaType } from '../../../src/contract/wire.ts';
import { drawPhoto } from '../../harness/inputs/draw-photo.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { inTurn, milliseconds, ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { inside, overHttp, png, tensor } from '../served.ts';

const repetitions = 40;
const onStock = { 'x-app': 'stock' };
const asTensor = { 'content-type': tensorMediaType };

/** Compares the endpoint with the bare run of the network and with the stock runtime, in one workerd. */
export async function endpoint({ rounds }: Effort): Promise<Findings> {
  const photo = await drawPhoto(1664, 1248);
  const hosted = await startHosted({ entry: 'scripts/bench/workers/repeating.ts' });
  try {
    const run = `${hosted.url}/bench/run`;
    const classify = `${hosted.url}/bench/classify`;
    const rows = {
      'bare run of the network': () => inside(run, tensor, repetitions),
      'bare run, stock runtime': () => inside(run, tensor, repetitions, onStock),
      'classify, ready-made tensor': () => inside(classify, tensor, repetitions, asTensor),
      'classify, 32x32 PNG': () => inside(classify, png, repetitions),
      'classify, 32x32 PNG, stock runtime': () => inside(classify, png, repetitions, onStock),
      'classify, 32x32 PNG, with its line in the log': () =>
        inside(classify, png, repetitions, { 'x-app': 'logging' }),
      'classify, 2 MP JPEG': () => inside(classify, photo, 3),
      'GET /health, over HTTP: the way alone': () =>
        milliseconds(async () => (await fetch(`${hosted.url}/health`)).text(), repetitions),
      'classify, 32x32 PNG, over HTTP': () => overHttp(`${hosted.url}/v1/classify`, png, 1, repetitions),
      'classify, 2 MP JPEG, over HTTP': () => overHttp(`${hosted.url}/v1/classify`, photo, 1, 3),
    };
    const times = await inTurn(rounds, rows);
    const bare = times['bare run of the network'];
    return {
      title: 'The endpoint',
      text: `In workerd, by \`wrangler dev\`; the rows without HTTP are the work inside the Worker, from routing to JSON.
The log is off but in one row: the development server takes each line by its inspector.

${table(
  ['', 'ms', 'over the bare run'],
  Object.entries(times).map(([name, values]) => [name, spread(values), ratio(values, bare).toFixed(2)]),
)}`,
      ratios: {
        'Worker: classify, over the stock runtime': ratio(
          times['classify, 32x32 PNG'],
          times['classify, 32x32 PNG, stock runtime'],
        ),
      },
    };
  } finally {
    await hosted.stop();
  }
}
