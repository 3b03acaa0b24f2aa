import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { base64, type Site, startSite } from './site.ts';
import { answerTextures } from './textures.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
let page: Page;
beforeAll(async () => {
  site = await startSite({ answer: answerTextures });
  page = await site.open();
});
afterAll(() => site?.stop());

test.each([
  ['one after the other, in the page', { worker: false }, false],
  ['at once, in the page, on the stock runtime', { worker: false, stock: true }, true],
  ['at once, in Workers', {}, true],
])(
  'each engine answers with its own network: %s',
  { timeout: 120_000 },
  async (_, { stock = false, ...options }: { worker?: boolean; stock?: boolean }, atOnce) => {
    const seen = await page.evaluate(
      async ({ baseUrl, file, stock, options, atOnce }) => {
        const runtime = stock ? unlabel.stock : undefined;
        const start = (model: string) =>
          unlabel.createLocalEngine({ model, baseUrl, device: 'wasm', runtime, ...options });
        const ask = async (engine: ReturnType<typeof start>) => {
          const { model, predictions } = await engine.classify(unlabel.bytesOf(file), { topK: 1000 });
          return { name: model.name, classes: predictions.length, predictions };
        };
        const instantiate = WebAssembly.instantiate;
        const one = start('cifar10');
        const alone = atOnce ? undefined : await ask(one);
        const other = start('/textures/manifest.json');
        const answers = await Promise.all([ask(one), ask(other)]);
        other.dispose();
        const after = await ask(one);
        one.dispose();
        return { alone, answers, after, isRestored: WebAssembly.instantiate === instantiate };
      },
      { baseUrl: site.hosted.url, file, stock, options, atOnce },
    );
    expect(seen.answers).toMatchObject([
      { name: 'cifar10', classes: 10 },
      { name: 'textures', classes: 3 },
    ]);
    expect(seen.after).toEqual(seen.answers[0]);
    if (seen.alone) expect(seen.alone).toEqual(seen.after);
    expect(seen.isRestored).toBe(true);
  },
);

test('engines with another API key do not share the refusal of the first one', async () => {
  await page.route('**/*.onnx*', async (route) => {
    const isAllowed = route.request().headers().authorization === 'Bearer right';
    if (!isAllowed && route.request().method() === 'GET') await route.fulfill({ status: 401 });
    else await route.continue();
  });
  const failures = await page.evaluate(async (baseUrl) => {
    const engines = ['wrong', 'right'].map((apiKey) =>
      unlabel.createLocalEngine({ model: 'cifar10', baseUrl, apiKey, cache: false, device: 'wasm' }),
    );
    const failures = await Promise.all(engines.map((engine) => unlabel.failureOf(engine.ready)));
    for (const engine of engines) engine.dispose();
    return failures;
  }, site.hosted.url);
  await page.unrouteAll();
  expect(failures).toMatchObject([{ code: 'unauthorized' }, undefined]);
});
