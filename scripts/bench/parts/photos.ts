import { drawPhoto } from '../../harness/inputs/draw-photo.ts';
import type { WorstBody } from '../../harness/inputs/worst-bodies.ts';
import { warmUp } from '../../harness/inputs/worst-bodies.ts';
import { memoryOf } from '../../harness/load/cost.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { inTurn, ratio, spread } from '../measure.ts';
import { type Effort, type Findings, table } from '../report.ts';
import { inside } from '../served.ts';

/** Photos by their megapixels; the larger, the coarser, to stay within a body. */
const sizes = [
  { megapixels: 2, width: 1_664, height: 1_248, quality: 85 },
  { megapixels: 12, width: 4_000, height: 3_000, quality: 75 },
  { megapixels: 48, width: 8_000, height: 6_000, quality: 20 },
];
const kinds = { baseline: { progressive: false, baseline: true }, progressive: { progressive: true } };
const times = 3;

/** Compares reading JPEGs by their DC coefficients with decoding all of them, in workerd. */
export async function photos({ rounds }: Effort): Promise<Findings> {
  const hosted = await startHosted({ entry: 'scripts/bench/workers/repeating.ts' });
  try {
    const prepare = `${hosted.url}/bench/prepare`;
    const rows: Record<string, () => Promise<number>> = {};
    const bytes: Record<string, number> = {};
    let middle = new Uint8Array();
    for (const { megapixels, width, height, quality } of sizes)
      for (const [kind, options] of Object.entries(kinds)) {
        const photo = await drawPhoto(width, height, { ...options, quality });
        const name = `${megapixels} MP, ${kind}`;
        if (name === '12 MP, baseline') middle = photo;
        bytes[name] = bytes[`${name}, decoded whole`] = photo.length;
        rows[name] = () => inside(prepare, photo, times);
        // 48 MP would not fit into a Worker.
        if (megapixels < 48)
          rows[`${name}, decoded whole`] = () => inside(`${prepare}?whole=1`, photo, times);
      }
    const measured = await inTurn(rounds, rows);
    const base = measured['2 MP, baseline, decoded whole'] as number[];
    const body: WorstBody = {
      ...{ name: '12 MP', method: 'POST', path: '/v1/classify', type: 'image/jpeg' },
      ...{ body: middle, isAccepted: true },
    };
    const { mb } = await memoryOf(body, warmUp);
    return {
      title: 'Photos',
      text: `A JPEG to the pixels of the network, in workerd: by its DC coefficients, and decoded whole, as a small one is. The last column
is the ratio to a whole decode of 2 MP, which all photos took before; the limit of a whole decode is 4 MP.

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
