import { env, waitUntil } from 'cloudflare:workers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { codecs } from '../../src/image/codecs/codecs-workerd.ts';
import { workerdRuntime } from '../../src/inference/runtime/runtime-workerd.ts';
import { createAppOn } from '../../src/server/app.ts';
import { sha256 } from '../../src/util/sha256.ts';

/** As in `wrangler.toml`. */
const limit = 600;
const app = createAppOn({ runtime: workerdRuntime, codecs, waitUntil }, { log: () => {} });
const digests = await Promise.all(['one', 'two'].map((key) => sha256(new TextEncoder().encode(key))));
const bindings = { ...(env as object), API_KEY_HASHES: digests.join(' ') };

/** How many of so many requests had each status. */
async function send(count: number, headers: Record<string, string>): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  for (let sent = 0; sent < count; sent += 50) {
    const some = Array.from({ length: Math.min(50, count - sent) }, () =>
      app.request('/v1/models', { headers }, bindings),
    );
    for (const { status, headers } of await Promise.all(some)) {
      statuses[status] = (statuses[status] ?? 0) + 1;
      expect(Number(headers.get('retry-after')) > 0, `${status}`).toBe(status === 429);
    }
  }
  return statuses;
}

const key = (name: string) => ({ authorization: `Bearer ${name}` });
const from = (address: string) => ({ 'cf-connecting-ip': address });

test('a key, and an address without one, has so many requests a minute, and no other pays for it', async () => {
  // The windows of the local limiter are those of the clock.
  const left = 60_000 - (Date.now() % 60_000);
  if (left < 35_000) await sleep(left);
  expect(await send(limit + 40, key('one'))).toEqual({ 200: limit, 429: 40 });
  expect(await send(50, key('two'))).toEqual({ 200: 50 });

  expect(await send(limit + 10, { ...key('guess'), ...from('2001:db8:1:2::a') })).toEqual({
    401: limit,
    429: 10,
  });
  expect(await send(5, from('2001:db8:1:2:f00::1'))).toEqual({ 429: 5 });
  expect(await send(5, from('2001:db8:1:3::a'))).toEqual({ 401: 5 });
  // Nor does a key that is known pay for its address.
  expect(await send(5, { ...key('two'), ...from('2001:db8:1:2::a') })).toEqual({ 200: 5 });
}, 120_000);
