import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted({ entry: 'test/helpers/foreign-worker.ts' });
});
afterAll(() => hosted?.stop());

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);

async function classify(model: string, base = ''): Promise<{ status: number; body: unknown }> {
  const path = `${base}/v1/classify?model=${model}`;
  const answer = await fetch(hosted.url + path, { method: 'POST', body: png });
  return { status: answer.status, body: await answer.json() };
}

test('a network of familiar parts runs, and as on the stock runtime', async () => {
  const answer = await classify('familiar');
  expect(answer.status).toBe(200);
  expect(answer).toEqual(await classify('familiar', '/stock'));
  expect(await classify('cifar10')).toEqual(await classify('cifar10', '/stock'));
});

test.each(['sine', 'largest'])('%s is refused with what to do, and other networks go on', async (model) => {
  const before = await classify('cifar10');
  for (let times = 0; times < 3; times++) {
    expect(await classify(model)).toMatchObject({
      status: 503,
      body: {
        code: 'model_unavailable',
        detail: expect.stringContaining("createApp({ runtime: stockRuntime }), of 'unlabel-server/stock'"),
      },
    });
    expect(await classify('cifar10')).toEqual(before);
  }
  const mixed = await Promise.all(Array.from({ length: 20 }, (_, i) => classify(i % 5 ? 'cifar10' : model)));
  for (const [i, { status }] of mixed.entries()) if (i % 5 === 0) expect(status).toBe(503);
  expect(await classify('cifar10')).toEqual(before);
});

test.each(['sine', 'largest'])('%s runs on the stock runtime', async (model) => {
  expect(await classify(model, '/stock')).toMatchObject({ status: 200, body: { model: { name: model } } });
});
