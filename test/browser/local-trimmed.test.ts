import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { foreignModels } from '../helpers/foreign-models.ts';
import { base64, type Site, startSite } from './site.ts';

const file = base64(drawPng(32, 32, (x, y) => [x * 8, y * 8, 100]));

let site: Site;
beforeAll(async () => {
  site = await startSite({
    // Networks that the trimmed runtime does not support, under /models/.
    answer: (request, response) => {
      if (!request.url?.startsWith('/models/')) return false;
      foreignModels(`http://localhost${request.url}`).then(async (answer) => {
        response.writeHead(answer?.status ?? 404).end(new Uint8Array((await answer?.arrayBuffer()) ?? []));
      });
      return true;
    },
  });
});
afterAll(() => site?.stop());

interface Options {
  worker?: boolean;
  stock?: boolean;
}

/** Runs a foreign network twice, and then the shipped one. */
async function tryOut(page: Page, name: string, { stock = false, ...options }: Options = {}) {
  return page.evaluate(
    async ({ baseUrl, file, name, stock, options }) => {
      const runtime = stock ? unlabel.stock : undefined;
      const common = { baseUrl, device: 'wasm' as const, runtime, ...options };
      const image = () => unlabel.bytesOf(file);
      const foreign = unlabel.createLocalEngine({ ...common, model: `/models/${name}/manifest.json` });
      const failures = [
        await unlabel.failureOf(foreign.classify(image())),
        await unlabel.failureOf(foreign.classify(image())),
      ];
      const shipped = unlabel.createLocalEngine({ ...common, model: 'cifar10' });
      const { predictions } = await shipped.classify(image());
      shipped.dispose();
      foreign.dispose();
      return { failures, predictions };
    },
    { baseUrl: site.hosted.url, file, name, stock, options },
  );
}

test.each([
  ['sine', {}],
  ['largest', {}],
  ['sine', { worker: false }],
  ['largest', { worker: false }],
] as [string, Options][])(
  '%s is refused with a remedy, and other networks still run: %j',
  async (name, options) => {
    const page = await site.open();
    const { failures, predictions } = await tryOut(page, name, options);
    for (const failure of failures)
      expect(failure).toMatchObject({
        name: 'UnlabelError',
        code: 'model_unavailable',
        message: expect.stringContaining("createLocalEngine({ runtime: stock }), of 'unlabel/stock'"),
      });
    expect(predictions).toHaveLength(5);
    await page.context().close();
  },
);

test('networks of known operators run', async () => {
  const page = await site.open();
  expect((await tryOut(page, 'familiar')).failures).toEqual([undefined, undefined]);
  await page.context().close();
});

test('the stock runtime runs all of them, and gives the same scores', async () => {
  const page = await site.open();
  const { predictions } = await tryOut(page, 'familiar');
  for (const name of ['sine', 'largest'])
    expect(await tryOut(page, name, { stock: true })).toEqual({
      failures: [undefined, undefined],
      predictions,
    });
  await page.context().close();
});
