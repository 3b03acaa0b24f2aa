import { env, waitUntil } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { codecs } from '../../src/image/codecs/codecs-workerd.ts';
import { workerdRuntime } from '../../src/inference/runtime/runtime-workerd.ts';
import { createAppOn } from '../../src/server/app.ts';

test('fifty requests at a cold start make one session', async () => {
  let sessions = 0;
  const runtime: typeof workerdRuntime = {
    device: workerdRuntime.device,
    load(weights) {
      sessions++;
      return workerdRuntime.load(weights);
    },
  };
  const app = createAppOn({ runtime, codecs, waitUntil }, { log: () => {} });
  const tensor = { method: 'POST', headers: { 'content-type': 'application/vnd.unlabel.rgb8' } };
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const body = new Uint8Array(32 * 32 * 3).fill(80);
      const answer = await app.request('/v1/classify', { ...tensor, body }, env);
      return [answer.status, await answer.text()].join(' ');
    }),
  );
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toMatch(/^200 /);
  expect(sessions).toBe(1);
});
