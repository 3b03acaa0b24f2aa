import type { BrowserContext, Page } from 'playwright-core';
import { quantile } from '../../harness/quantile.ts';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { startHosted } from '../../harness/servers/hosted.ts';
import { startCountingProxy } from '../contenders/counting-proxy.ts';
import type {} from '../contenders/page-frame.ts';
import { installRivals, rivals } from '../contenders/rivals.ts';
import { serveContenders } from '../contenders/serve.ts';
import { digits, inTurn, ratio, spread } from '../measure.ts';
import { measureMemory } from '../page-memory.ts';
import { type Effort, type Findings, table } from '../report.ts';

const repetitions = 20;

/** The page of each contender. */
const contenders: Record<string, string> = {
  Unlabel: 'ours.html',
  'onnxruntime-web by hand, int8': 'bare.html?precision=int8',
  'transformers.js, int8': 'transformers.html?precision=int8',
  'transformers.js, fp32': 'transformers.html?precision=fp32',
  'TensorFlow.js, fp32': 'tensorflow.html',
  'Unlabel, the embedding': 'ours.html?task=embed',
  'transformers.js, int8, the embedding': 'transformers.html?precision=int8&task=embed',
};

/** The contender of ours with the same task. */
const oursOf = (name: string) => (name.endsWith('embedding') ? 'Unlabel, the embedding' : 'Unlabel');

/** Most that scores of the same file may differ by. */
const tolerance = 0.001;

/** Compares inference in the page with other libraries, with the same network in the same Chromium. */
export async function page({ rounds, visits }: Effort): Promise<Findings> {
  const served = await serveContenders(await installRivals());
  const hosted = await startHosted();
  const [files, api] = [await startCountingProxy(served.url), await startCountingProxy(hosted.url)];
  const browser = await launchChromium();
  const bytes = () => files.bytes() + api.bytes();
  const names = Object.keys(contenders);
  const found = () => Object.fromEntries(names.map((name) => [name, [] as number[]]));
  const [loaded, cold, warm, memory] = [found(), found(), found(), found()];
  const open = async (context: BrowserContext, path: string) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(path, error));
    await page.goto(
      `${files.url}/${path}${path.includes('?') ? '&' : '?'}api=${encodeURIComponent(api.url)}`,
    );
    return page;
  };
  const first = (page: Page) => page.evaluate(() => contender.first);
  try {
    const expected: Record<string, Record<string, number>> = { int8: {}, fp32: {}, embedding: {} };
    for (let visit = 0; visit < visits; visit++) {
      const empty = await measureMemory(browser, (context) => open(context, 'empty.html'));
      for (const name of names) {
        const context = await browser.newContext();
        const before = bytes();
        const page = await open(context, contenders[name] as string);
        const { time, scores } = await first(page);
        cold[name]?.push(time);
        loaded[name]?.push(bytes() - before);
        const alike = expected[/fp32|embedding/.exec(name)?.[0] ?? 'int8'] as Record<string, number>;
        for (const [label, score] of Object.entries(scores)) {
          alike[label] ??= score;
          if (Math.abs(score - alike[label]) > tolerance)
            throw new Error(`${name} gives ${label} ${score}, not ${alike[label]}`);
        }
        await page.waitForTimeout(500); // Caches for later visits are written after the answer.
        await page.close();
        const again = await open(context, contenders[name] as string);
        warm[name]?.push((await first(again)).time);
        await context.close();
        const used = await measureMemory(browser, async (fresh) => {
          const page = await open(fresh, contenders[name] as string);
          await first(page);
          await page.evaluate(() => contender.repeat(50));
        });
        memory[name]?.push(used - empty);
      }
    }

    const context = await browser.newContext();
    const pages = new Map<string, Page>();
    for (const name of names) pages.set(name, await open(context, contenders[name] as string));
    for (const page of pages.values()) await first(page);
    const steady = await inTurn(
      rounds,
      Object.fromEntries(
        Array.from(pages, ([name, page]) => [
          name,
          async () => {
            await page.bringToFront();
            return page.evaluate((times) => contender.repeat(times), repetitions);
          },
        ]),
      ),
    );
    const over = (times: Record<string, number[]>, name: string) => {
      const ours = oursOf(name);
      return name === ours ? '' : `, ${digits(ratio(times[ours] as number[], times[name] as number[]))}`;
    };
    const cell = (times: Record<string, number[]>, name: string, unit = 1) =>
      `${spread(times[name] as number[], unit)}${over(times, name)}`;
    return {
      title: 'The page: beside other libraries',
      text: `The shipped network in Chromium ${browser.version()}, all files from this machine: a fresh profile each visit, ${visits} visits. After the
comma is ours as a multiple of it. Bytes are those of the way, headers included, scripts and runtimes by brotli.

${table(
  [
    '',
    'MB to the first answer',
    'ms to the first answer',
    'ms on a later visit',
    'ms an answer after',
    'MB of memory',
  ],
  names.map((name) => [
    name,
    `${digits(quantile(loaded[name] as number[]) / 1e6)}${over(loaded, name)}`,
    cell(cold, name),
    cell(warm, name),
    cell(steady, name),
    cell(memory, name, 1e6),
  ]),
)}

The first answer is timed from the start of the navigation, and is of a picture of 32 x 32 pixels; all that run the same file
give the same scores, to ${tolerance}. Memory is what the page's process holds (PSS) beyond that of an empty page, after 50 answers. Ours runs in a Worker, the
others in the page. transformers.js ${rivals['@huggingface/transformers']} runs its \`image-classification\` pipeline, and \`image-feature-extraction\` for
the embedding, with the onnxruntime-web that it brings along, on our files with four small nodes around the network, since it feeds
\`pixel_values\` and reads \`logits\` or \`last_hidden_state\`. TensorFlow.js
${rivals['@tensorflow/tfjs-core']} (core and the WebAssembly backend alone) runs the fp32 file's operators one by one; it has no int8.`,
    };
  } finally {
    await browser.close();
    for (const { stop } of [files, api, served]) stop();
    await hosted.stop();
  }
}
