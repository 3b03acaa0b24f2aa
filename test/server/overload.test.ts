import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { openUpload, trickle, type Upload } from '../../scripts/harness/load/raw-request.ts';
import { type Hosted, startHosted } from '../../scripts/harness/servers/hosted.ts';
import { limits } from '../../src/contract/limits.ts';

let hosted: Hosted;
beforeAll(async () => {
  hosted = await startHosted();
});
afterAll(() => hosted?.stop());

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);
/** Takes some 20 ms: long enough to make others wait, short enough for as many as may wait to be answered in time. */
const large = drawPng(600, 600, (x, y) => [x, y, x ^ y]);
const upload = (body: Uint8Array<ArrayBuffer>): Upload => ({
  method: 'POST',
  path: '/v1/classify',
  type: 'image/png',
  body,
});
const classify = (body: BodyInit = png, signal?: AbortSignal) =>
  fetch(`${hosted.url}/v1/classify`, { method: 'POST', body, ...(signal && { signal }) });
/**
 * Waits until as many requests as may wait find room: when the server has heard of those that left. A place that was lost, or
 * memory for a body, would be missing for longer.
 */
async function expectRoom(): Promise<void> {
  const burst = async () => {
    const answers = Array.from({ length: limits.waitingRequests }, async () => (await classify()).status);
    return new Set(await Promise.all(answers));
  };
  await expect.poll(burst, { timeout: (2 / 3) * limits.lostMs }).toEqual(new Set([200]));
}

test('more than may wait are refused at once and told when to come back; all others are answered alike', async () => {
  const expected = await (await classify(large)).text();
  const answers = await Promise.all(
    Array.from({ length: 2 * limits.waitingRequests + 40 }, async () => {
      const answer = await classify(large);
      return {
        status: answer.status,
        retryAfter: answer.headers.get('retry-after'),
        text: await answer.text(),
      };
    }),
  );
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(answers.length - refused.length).toBeGreaterThan(limits.waitingRequests);
  for (const { retryAfter, text } of refused) {
    expect(JSON.parse(text)).toMatchObject({ code: 'overloaded', status: 503 });
    expect(retryAfter).toBe('1');
  }
  for (const { status, text } of answers) if (status !== 503) expect([status, text]).toEqual([200, expected]);
  expect((await classify()).status).toBe(200);
});

test('callers who leave while they wait free their places', async () => {
  for (let round = 0; round < 3; round++) {
    const leaving = new AbortController();
    const left = Array.from({ length: limits.waitingRequests }, () =>
      classify(large, leaving.signal).catch(() => undefined),
    );
    await sleep(300);
    leaving.abort();
    await Promise.all(left);
  }
  await expectRoom();
});

test('bodies that trickle in end in 408 and keep nobody else from the network', async () => {
  const slow = Array.from({ length: 50 }, () => trickle(hosted.url, upload(png)));
  for (let i = 0; i < 20; i++) expect((await classify()).status).toBe(200);
  for (const answer of await Promise.all(slow)) {
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
  }
});

test('uploads that break off at any point leave nothing behind', async () => {
  for (let round = 0; round < 5; round++) {
    const broken = Array.from({ length: 60 }, async (_, i) => {
      const bytes = Math.floor((large.length * (1 + 4 * (i % 3))) / 10);
      const { socket, sent, answer } = openUpload(hosted.url, upload(large), bytes);
      await sent;
      await sleep(20);
      socket.destroy();
      await answer;
    });
    await Promise.all(broken);
  }
  await expectRoom();
});
