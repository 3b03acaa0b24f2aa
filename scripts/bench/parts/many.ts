import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { drawPhoto } from '../../harness/inputs/draw-photo.ts';
import { quantile } from '../../harness/quantile.ts';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { servePage } from '../../harness/servers/serve-page.ts';
import type {} from '../contenders/page-many.ts';
import { digits, inTurn, ratio, spread } from '../measure.ts';
import { measureMemory } from '../page-memory.ts';
import { type Effort, type Findings, table } from '../report.ts';

const [count, width, height] = [200, 1_152, 864];
const workers = [1, 2] as const;

/** Compares one Worker with two, in time and memory, over a folder of photos. */
export async function many({ rounds, visits }: Effort): Promise<Findings> {
  const photos = await Promise.all(
    [85, 86, 87, 88, 89, 90, 91, 92].map((quality) =>
      drawPhoto(width, height, { quality, progressive: false, baseline: true }),
    ),
  );
  const folder = await mkdtemp(join(tmpdir(), 'unlabel-many-'));
  const paths = photos.map((_, i) => join(folder, `${i}.jpg`));
  await Promise.all(paths.map((path, i) => writeFile(path, photos[i] as Uint8Array)));
  const served = await servePage({ script: 'scripts/bench/contenders/page-many.ts' });
  const hosted = await startHosted();
  const browser = await launchChromium();
  const open = async (context: BrowserContext): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(served.url);
    await page.evaluate(() =>
      document.body.append(Object.assign(document.createElement('input'), { type: 'file', multiple: true })),
    );
    await page.setInputFiles('input', paths);
    await page.evaluate(() => {
      globalThis.photos = [...(document.querySelector('input')?.files ?? [])];
    });
    return page;
  };
  try {
    const page = await open(await browser.newContext());
    const classify = (page: Page, count: number) =>
      page.evaluate((count) => manyPhotos.classify(count), count);
    const openEngine = (page: Page, workers: number) =>
      page.evaluate(({ url, workers }) => manyPhotos.open(url, workers), { url: hosted.url, workers });
    const first = (workers: number) => async () => {
      await openEngine(page, workers);
      return classify(page, count);
    };
    const next = () => classify(page, count);
    const arithmetic = (workers: number) => () =>
      page.evaluate((workers) => manyPhotos.count(workers), workers);
    // No names that are numbers: an object has those first.
    const rows = {
      'first 1': first(1),
      'next 1': next,
      'first 2': first(2),
      'next 2': next,
      'arithmetic 1': arithmetic(1),
      'arithmetic 2': arithmetic(2),
    };
    const times = await inTurn(rounds, rows);
    const memory: Record<number, number[]> = { 1: [], 2: [] };
    for (let visit = 0; visit < visits; visit++) {
      const empty = await measureMemory(browser, open);
      for (const number of workers) {
        const used = await measureMemory(browser, async (context) => {
          const page = await open(context);
          await openEngine(page, number);
          await classify(page, count / 4);
        });
        memory[number]?.push(used - empty);
      }
    }
    const cell = (row: keyof typeof rows) =>
      `${spread(times[row], 1e3)}, ${digits(count / (quantile(times[row]) / 1e3))}`;
    return {
      title: 'Many photos in the page',
      text: `${count} JPEG photos of ${width} x ${height} pixels, ${digits(quantile(photos.map(({ length }) => length)) / 1e6)} MB each, in one call of \`classify\` in Chromium ${browser.version()}: by an
engine that has answered once, where the second Worker starts meanwhile, when work has waited for 100 ms; and once more. Seconds, and
photos a second.

${table(
  ['Workers', 'the first photos', 'the next photos', 'MB of memory'],
  workers.map((number) => [
    number,
    cell(`first ${number}`),
    cell(`next ${number}`),
    spread(memory[number] as number[], 1e6),
  ]),
)}

Two Workers are ${digits(ratio(times['first 1'], times['first 2']))} times as fast as one with the first photos, and ${digits(ratio(times['next 1'], times['next 2']))} times with the next;
plain arithmetic in two Workers at once comes to ${digits(2 * ratio(times['arithmetic 1'], times['arithmetic 2']))} times that in one, which is what the two cores are worth. Memory is what the page's process
holds (PSS) beyond that of the page with the photos alone, after ${count / 4} of them.`,
      ratios: { 'page: many photos, two Workers over one': ratio(times['first 2'], times['first 1']) },
    };
  } finally {
    await browser.close();
    await Promise.all([served.stop(), hosted.stop(), rm(folder, { recursive: true })]);
  }
}
