import { writeFile } from 'node:fs/promises';
import { drawPhoto } from '../../harness/inputs/draw-photo.ts';
import { quantile } from '../../harness/quantile.ts';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { servePage } from '../../harness/servers/serve-page.ts';
import type {} from '../contenders/page-sizes.ts';
import { inTurn, ratio, spread } from '../measure.ts';
import { drawPlots, type Line } from '../plot.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { inside, overHttp, png, tensor } from '../served.ts';

const batches = [1, 2, 4, 8, 16, 32];
const concurrencies = [1, 2, 4, 8, 16];
/** Up to a phone's photo. */
const sizes: [number, number][] = [
  [32, 32],
  [128, 128],
  [512, 512],
  [1024, 1024],
  [2048, 2048],
  [4000, 3000],
];
const plot = new URL('../growth.svg', import.meta.url);

/** Measures how the cost of an answer grows with batch, picture size and callers. */
export async function growth({ rounds }: Effort): Promise<Findings> {
  const hosted = await startHosted({ entry: 'scripts/bench/workers/repeating.ts' });
  const served = await servePage({ script: 'scripts/bench/contenders/page-sizes.ts' });
  const browser = await launchChromium();
  try {
    const classify = `${hosted.url}/v1/classify`;
    const byBatch = await inTurn(
      rounds,
      rowsOf(batches, async (batch) => {
        const time = await inside(`${hosted.url}/bench/run?batch=${batch}`, tensor, Math.ceil(32 / batch));
        return time / batch;
      }),
    );
    const byCallers = await inTurn(
      rounds,
      rowsOf(concurrencies, (callers) => overHttp(classify, png, callers, 32)),
    );
    const photos = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const [width, height] of sizes) photos.set(width, await drawPhoto(width, height));
    const bySize = await inTurn(
      Math.ceil(rounds / 2),
      rowsOf(
        sizes.map(([width]) => width),
        (width) =>
          inside(
            `${hosted.url}/bench/classify`,
            photos.get(width) as Uint8Array<ArrayBuffer>,
            width > 512 ? 2 : 10,
          ),
      ),
    );
    const page = await browser.newPage();
    await page.goto(served.url);
    const inPage = await page.evaluate(([url, sizes, times]) => globalThis.sizes(url, sizes, times), [
      hosted.url,
      sizes,
      rounds,
    ] as const);

    const line = (times: Record<string, number[]>, toY = (time: number, _: number) => time): Line =>
      Object.entries(times).map(([x, values]) => [Number(x), toY(quantile(values), Number(x))]);
    const megapixels = (line: Line): Line => line.map(([x, y]) => [x ** 2 / 1e6, y]);
    const pageLine: Line = sizes.map(([width, height], i) => [
      (width * height) / 1e6,
      quantile(inPage[i] as number[]),
    ]);
    await writeFile(
      plot,
      drawPlots([
        { title: 'Batch', x: 'images a run', y: 'ms an image', lines: { 'in workerd': line(byBatch) } },
        {
          title: 'Size of a JPEG',
          x: 'megapixels',
          y: 'ms',
          lines: { 'in the Worker': megapixels(line(bySize)), 'in the page': pageLine },
        },
        {
          title: 'Callers at once',
          x: 'requests in flight',
          y: 'requests a second',
          lines: { 'over HTTP, 32x32 PNG': line(byCallers, (time) => 1000 / time) },
        },
      ]),
    );
    const saved = 1 - ratio(byBatch[8] as number[], byBatch[1] as number[]);
    const perRequest = saved * quantile(byBatch[1] as number[]);
    return {
      title: 'Growth: batch, size and callers',
      text: `![Milliseconds by batch, by size, and requests a second by callers](scripts/bench/growth.svg)

The bare run in workerd, an image:

${table(
  ['images a run', ...batches.map(String)],
  [
    ['ms an image', ...batches.map((batch) => spread(byBatch[batch] as number[]))],
    [
      'of one alone',
      ...batches.map((batch) => ratio(byBatch[batch] as number[], byBatch[1] as number[]).toFixed(2)),
    ],
  ],
)}

A JPEG of so many pixels on a side (the last of 4000 x 3000), ms: classify inside the Worker and
in the page; from 512 on by its DC coefficients:

${table(
  ['', ...sizes.map(([width, height]) => `${width}x${height}`)],
  [
    ['Worker', ...sizes.map(([width]) => spread(bySize[width] as number[]))],
    ['page', ...inPage.map((times) => spread(times))],
  ],
)}

Classify over HTTP, a 32 x 32 PNG:

${table(
  ['requests in flight', ...concurrencies.map(String)],
  [
    [
      'requests a second',
      ...concurrencies.map((n) => (1000 / quantile(byCallers[n] as number[])).toFixed(0)),
    ],
    ['ms a request takes', ...concurrencies.map((n) => spread((byCallers[n] as number[]).map((t) => t * n)))],
  ],
)}

Requests that wait at once are not put together into one run: eight in one would save ${(100 * saved).toFixed(0)} % of the run, ${perRequest.toFixed(2)} ms of the
${quantile(byCallers[8] as number[]).toFixed(1)} ms that each costs with eight in flight.`,
    };
  } finally {
    await browser.close();
    await Promise.all([served.stop(), hosted.stop()]);
  }
}

function rowsOf(
  keys: readonly number[],
  measure: (key: number) => Promise<number>,
): Record<string, () => Promise<number>> {
  return Object.fromEntries(keys.map((key) => [key, () => measure(key)]));
}
