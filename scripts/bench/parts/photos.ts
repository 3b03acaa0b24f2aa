import { drawPhoto } from '../../harness/inputs/draw-photo.ts';
import type { WorstBody } from '../../harness/inputs/worst-bodies.ts';
import { memoryOf } from '../../harness/load/cost.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { inTurn, ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { inside } from '../served.ts';

/** Photos, the largest a bit coarser to stay within a body, and how often one request reads them. */
const sizes = [
  { megapixels: 2, width: 1_664, height: 1_248, quality: 90, times: 30 },
  { megapixels: 12, width: 4_000, height: 3_000, quality: 90, times: 10 },
  { megapixels: 48, width: 8_000, height: 6_000, quality: 78, times: 4 },
];
const kinds = { baseline: { progressive: false, baseline: true }, progressive: { progressive: true } };

/** Compares reading JPEGs by their DC coefficients with decoding all of them, in workerd. */
export async function photos({ rounds }: Effort): Promise<Findings> {
  // Before the server starts, which ends idle connections.
  const drawn = await Promise.all(
    sizes.flatMap(({ megapixels, width, height, quality, times }) =>
      Object.entries(kinds).map(async ([kind, options]) => ({
        name: `${megapixels} MP, ${kind}`,
        photo: await drawPhoto(width, height, { ...options, quality }),
        times,
        // One of 48 MP would not fit into a Worker.
        canBeWhole: megapixels < 48,
      })),
    ),
  );
  const hosted = await startHosted({ entry: 'scripts/bench/workers/repeating.ts' });
  try {
    const prepare = `${hosted.url}/bench/prepare`;
    const rows: Record<string, () => Promise<number>> = {};
    const bytes: Record<string, number> = {};
    for (const { name, photo, times, canBeWhole } of drawn) {
      const whole = `${name}, decoded whole`;
      bytes[name] = bytes[whole] = photo.length;
      rows[name] = () => inside(prepare, photo, times);
      if (canBeWhole) rows[whole] = () => inside(`${prepare}?whole=1`, photo, Math.ceil(times / 4));
    }
    const measured = await inTurn(rounds, rows);
    const base = measured['2 MP, baseline, decoded whole'] as number[];
    const middle = drawn.find(({ name }) => name === '12 MP, baseline')?.photo ?? new Uint8Array();
    const body: WorstBody = {
      ...{ name: '12 MP', method: 'POST', path: '/v1/classify', type: 'image/jpeg' },
      ...{ body: middle, isAccepted: true },
    };
    const mb = await memoryOf(body);
    return {
      title: 'Photos',
      text: `A JPEG to the pixels of the network, in workerd: by its DC coefficients, and decoded whole, as a small one is. The last column
is the ratio to decoding the baseline photo of 2 MP whole; the endpoint decodes whole up to 4 MP only.

${table(
  ['', 'MB', 'ms', 'over 2 MP decoded whole'],
  Object.entries(measured).map(([name, values]) => [
    name,
    ((bytes[name] as number) / 1e6).toFixed(1),
    spread(values),
    ratio(values, base).toFixed(2),
  ]),
)}

A fresh Worker takes ${Math.max(mb, 0).toFixed(1)} MB beyond the body to classify the baseline photo of 12 MP.`,
    };
  } finally {
    await hosted.stop();
  }
}
