import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { createNodeApp, shippedAssets } from '../../scripts/harness/servers/shipped.ts';
import type { LogLine } from '../../src/server/middleware/log.ts';
import type { Bindings } from '../../src/server/platform.ts';

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);
const key = 'a-key-nobody-should-read';
const digest = createHash('sha256').update(key).digest('hex');
const headers = { authorization: `Bearer ${key}`, 'x-request-id': 'mine' };

test('a line a request says which route, how it ended and whose it was, and nothing that was sent', async () => {
  const lines: LogLine[] = [];
  const app = createNodeApp((line) => lines.push(line));
  const points: unknown[] = [];
  const env: Bindings = {
    ASSETS: shippedAssets,
    API_KEY_HASHES: digest,
    VECTORS: {
      getByName() {
        throw new Error('the disk is gone');
      },
    },
    ANALYTICS: { writeDataPoint: (point) => points.push(point) },
  };
  const image = Buffer.from(png).toString('base64');
  const json = { ...headers, 'content-type': 'application/json' };
  await app.request('/v1/classify', { method: 'POST', body: png, headers }, env);
  await app.request('/v1/classify', { method: 'POST', body: JSON.stringify({ image }), headers: json }, env);
  await app.request(
    '/v1/classify',
    { method: 'POST', body: JSON.stringify({ image: `${image}!` }), headers: json },
    env,
  );
  await app.request('/v1/vectors/private-id?namespace=private-name', { headers }, env);
  await app.request('/v1/private-path', { headers }, env);
  await app.request('/v1/models', { headers: { ...headers, authorization: 'Bearer another-key' } }, env);

  const id = digest.slice(0, 12);
  const line = (method: string, route: string, status: number, more: Partial<LogLine> = { key: id }) =>
    expect.objectContaining({ requestId: 'mine', method, route, status, ms: expect.any(Number), ...more });
  expect(lines).toEqual([
    line('POST', '/v1/classify', 200),
    line('POST', '/v1/classify', 200),
    line('POST', '/v1/classify', 422, { code: 'invalid_parameter', key: id }),
    line('GET', '/v1/vectors/:id', 503, {
      code: 'store_unavailable',
      cause: expect.stringContaining('the disk is gone'),
    }),
    line('GET', '*', 404, { code: 'not_found' }),
    line('GET', '/v1/models', 401, { code: 'unauthorized' }),
  ]);
  expect(points).toHaveLength(lines.length);
  const text = JSON.stringify([lines, points]);
  for (const secret of [key, 'another-key', digest, image.slice(0, 40), 'private', 'Bearer'])
    expect(text).not.toContain(secret);
});

test('a request id that could forge a line is replaced', async () => {
  const lines: LogLine[] = [];
  const app = createNodeApp((line) => lines.push(line));
  const answer = await app.request('/health', { headers: { 'x-request-id': '{"status":200}' } }, {});
  expect(lines[0]?.requestId).toMatch(/^[\w-]+$/);
  expect(answer.headers.get('x-request-id')).toBe(lines[0]?.requestId);
});
