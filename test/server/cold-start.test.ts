import { afterEach, beforeEach, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { limits } from '../../src/contract/limits.ts';

// A server for each test: only the first requests meet a model that is not loaded.
let hosted: Hosted;
beforeEach(async () => {
  hosted = await startHosted();
});
afterEach(() => hosted?.stop());

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);
const classify = (signal?: AbortSignal) =>
  fetch(`${hosted.url}/v1/classify`, { method: 'POST', body: png, ...(signal && { signal }) });

test('fifty requests at once to a cold server are all answered alike', async () => {
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const answer = await classify();
      return [answer.status, await answer.text()];
    }),
  );
  expect(new Set(answers.map(([status]) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(([, body]) => body)).size).toBe(1);
});

test('callers who leave while the model loads do not keep others from it', async () => {
  const leaving = Array.from({ length: 20 }, async (_, i) => {
    const signal = AbortSignal.timeout(5 + 5 * i);
    await classify(signal).catch(() => undefined);
  });
  await Promise.all(leaving);
  // A load that was lost would be found out later.
  expect((await classify(AbortSignal.timeout((2 / 3) * limits.lostMs))).status).toBe(200);
});
