import type { BrowserContext, Page } from 'playwright-core';
import { quantile } from '../../harness/quantile.ts';
import { launchChromium } from '../../harness/servers/chromium.ts';
import { startCountingProxy } from '../contenders/counting-proxy.ts';
import type {} from '../contenders/page-frame.ts';
import type { Stages } from '../contenders/page-stages.ts';
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
  const files = await startCountingProxy(served.url);
  const slow = await startCountingProxy(served.url, { bitsPerSecond: 10e6, roundTripMs: 40 });
  const browser = await launchChromium();
  const names = Object.keys(contenders);
  const found = () => Object.fromEntries(names.map((name) => [name, [] as number[]]));
  const [loaded, cold, throttled, warm, memory] = [found(), found(), found(), found(), found()];
  const stages = { first: [] as Stages[], later: [] as Stages[] };
  const open = async (context: BrowserContext, path: string, { url } = files) => {
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(path, error));
    await page.goto(`${url}/${path}`);
    return page;
  };
  const first = (page: Page) => page.evaluate(() => contender.first);
  try {
    const expected: Record<string, Record<string, number>> = { int8: {}, fp32: {}, embedding: {} };
    for (let visit = 0; visit < visits; visit++) {
      const empty = await measureMemory(browser, (context) => open(context, 'empty.html'));
      for (const name of names) {
        const context = await browser.newContext();
        const before = files.bytes();
        const page = await open(context, contenders[name] as string);
        const { time, scores } = await first(page);
        cold[name]?.push(time);
        loaded[name]?.push(files.bytes() - before);
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
        const far = await browser.newContext();
        throttled[name]?.push((await first(await open(far, contenders[name] as string, slow))).time);
        await far.close();
        const used = await measureMemory(browser, async (fresh) => {
          const page = await open(fresh, contenders[name] as string);
          await first(page);
          await page.evaluate(() => contender.repeat(50));
        });
        memory[name]?.push(used - empty);
      }
      const context = await browser.newContext();
      for (const found of [stages.first, stages.later]) {
        const page = await open(context, 'stages.html');
        found.push(await page.evaluate(() => globalThis.stages));
        await page.waitForTimeout(500);
        await page.close();
      }
      await context.close();
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
    const measured = {
      'bytes to the first answer': loaded,
      'first answer': cold,
      'first answer at 10 Mbit/s': throttled,
      'first answer of a later visit': warm,
      'an answer after': steady,
      memory,
    };
    const ratios = Object.fromEntries(
      Object.entries(measured).flatMap(([what, found]) =>
        ['onnxruntime-web by hand, int8', 'transformers.js, int8', 'TensorFlow.js, fp32'].map((name) => [
          `page: ${what}, over ${name}`,
          ratio(found.Unlabel as number[], found[name] as number[]),
        ]),
      ),
    );
    return {
      ratios,
      title: 'The page: beside other libraries',
      text: `The shipped network in Chromium ${browser.version()}, all files from this machine: a fresh profile each visit, ${visits} visits. After the
comma is ours as a multiple of it. Bytes are those of the way, headers included, scripts and runtimes by brotli.

${table(
  [
    '',
    'MB to the first answer',
    'ms to the first answer',
    'at 10 Mbit/s and 40 ms',
    'ms on a later visit',
    'ms an answer after',
    'MB of memory',
  ],
  names.map((name) => [
    name,
    `${digits(quantile(loaded[name] as number[]) / 1e6)}${over(loaded, name)}`,
    cell(cold, name),
    cell(throttled, name),
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
${rivals['@tensorflow/tfjs-core']} (core and the WebAssembly backend alone) runs the fp32 file's operators one by one; it has no int8.

What a first answer of ours is made of, one after the other in the page; the engine does what it can at the same time: manifest,
weights, runtime and Worker, and the runtime starts while the weights come. On a later visit the files are in the Cache API.

${table(
  ['ms', 'first visit', 'later visit'],
  Object.keys(stages.first[0] as Stages).map((stage) => [
    stage,
    ...[stages.first, stages.later].map((visits) => spread(visits.map((times) => times[stage] as number))),
  ]),
)}`,
    };
  } finally {
    await browser.close();
    for (const { stop } of [files, slow, served]) stop();
  }
}
