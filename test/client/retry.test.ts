import { beforeEach, describe, expect, test, vi } from 'vitest';
import { retryDelay } from '../../src/client/http/retry.ts';
import {
  type Client,
  ConnectionError,
  createClient,
  TimeoutError,
  UnlabelApiError,
} from '../../src/index.ts';
import { delay } from '../../src/util/delay.ts';
import { classification, classifies, cut, cutHalfway, hang, json, problem, serve } from './serve.ts';

vi.mock('../../src/util/delay.ts', () => ({ delay: vi.fn(async () => {}) }));
const waits = () => vi.mocked(delay).mock.calls.map(([ms]) => ms);
beforeEach(() => vi.mocked(delay).mockClear());

const image = new Uint8Array([1, 2, 3]);

test.each([408, 409, 425, 429, 500, 502, 503, 504])('sends a request three times for %i', async (status) => {
  const { url, received } = await serve(json({}, status));
  await expect(createClient({ url }).classify(image)).rejects.toMatchObject({ status });
  expect(received).toHaveLength(3);
  expect(waits()).toHaveLength(2);
});

test.each([400, 401, 403, 404, 405, 410, 413, 415, 418, 422, 501])(
  'sends a request once for %i',
  async (status) => {
    const { url, received } = await serve(json({}, status, { 'retry-after': '0' }));
    await expect(createClient({ url }).classify(image)).rejects.toMatchObject({ status });
    expect(received).toHaveLength(1);
  },
);

test.each([0, 1, 5])('sends a request %i times again if so told', async (maxRetries) => {
  const { url, received } = await serve(json({}, 503));
  await expect(createClient({ url, maxRetries }).classify(image)).rejects.toThrow(UnlabelApiError);
  expect(received).toHaveLength(maxRetries + 1);
});

test.each([
  ['a body of bytes', 'application/octet-stream', (client: Client) => client.classify(image)],
  ['a form', 'multipart/form-data', (client: Client) => client.classify([image, image])],
])('sends %s again as it was', async (_, type, call: (client: Client) => Promise<unknown>) => {
  const { url, received } = await serve(cut, problem(503, 'overloaded'), classifies);
  await call(createClient({ url }));
  expect(received).toHaveLength(3);
  for (const { body, headers } of received) {
    expect(headers['content-type']).toContain(type);
    expect(body.length).toBe(received[0]?.body.length);
    expect(body.includes(Buffer.from(image))).toBe(true);
  }
});

test.each([
  ['cut before the answer', cut],
  ['cut amid the answer', cutHalfway],
])('a connection %s is tried three times', async (_, behaviour) => {
  const { url, received } = await serve(behaviour);
  const error = await createClient({ url })
    .classify(image)
    .catch((error) => error);
  expect(error).toBeInstanceOf(ConnectionError);
  expect(error).not.toBeInstanceOf(TimeoutError);
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(received).toHaveLength(3);
});

test('a connection that comes back is not noticed', async () => {
  const { url, received } = await serve(cut, cutHalfway, json(classification));
  expect(await createClient({ url }).classify(image)).toEqual(classification);
  expect(received).toHaveLength(3);
});

test('a refused connection is a ConnectionError', async () => {
  const client = createClient({ url: 'http://127.0.0.1:1' });
  await expect(client.models.list()).rejects.toThrow(ConnectionError);
  expect(waits()).toHaveLength(2);
});

describe('timeout', () => {
  test.each([
    ['no answer', hang],
    ['half an answer', (response) => void response.writeHead(200).write('{')] as [string, typeof hang],
  ])('holds for every attempt: %s', async (_, behaviour) => {
    const { url, received } = await serve(behaviour);
    const call = createClient({ url, timeout: 500 }).classify(image);
    await expect(call).rejects.toThrow(new TimeoutError(`No answer from ${url}/v1/classify within 500 ms`));
    await expect(call).rejects.toBeInstanceOf(TimeoutError);
    expect(received).toHaveLength(3);
  });

  test('of a call goes before the client’s', async () => {
    const { url, received } = await serve(hang, json(classification));
    await createClient({ url }).classify(image, { timeout: 500 });
    expect(received).toHaveLength(2);
  });

  test.each([Number.POSITIVE_INFINITY, 2 ** 40])('of %d ms is no timeout', async (timeout) => {
    const { url, received } = await serve((response) => void setTimeout(json(classification), 30, response));
    await createClient({ url, timeout }).classify(image);
    expect(received).toHaveLength(1);
  });
});

test.each([
  ['not JSON', (response) => void response.end('{"model":')],
  ['empty', (response) => void response.end()],
  ['of another shape', json([])],
] as [string, typeof hang][])('an answer that is %s is not asked for again', async (_, behaviour) => {
  const { url, received } = await serve(behaviour);
  await expect(createClient({ url }).classify(image)).rejects.toThrow(UnlabelApiError);
  expect(received).toHaveLength(1);
});

describe('waits', () => {
  test('as long as Retry-After says', async () => {
    const date = new Date(Date.now() + 50_000).toUTCString();
    const { url } = await serve(
      problem(429, 'rate_limited', {}, { 'retry-after': '7' }),
      problem(503, 'overloaded', {}, { 'retry-after': date }),
      json(classification),
    );
    await createClient({ url }).classify(image);
    const [seconds, until] = waits();
    expect(seconds).toBe(7000);
    expect(until).toBeGreaterThan(10_000);
    expect(until).toBeLessThanOrEqual(50_000);
  });

  test('0.5 s and twice as long at every retry, less up to a quarter', async () => {
    const { url } = await serve(cut);
    await createClient({ url, maxRetries: 6 })
      .classify(image)
      .catch(() => {});
    const backoff = [500, 1000, 2000, 4000, 8000, 8000];
    expect(waits()).toHaveLength(6);
    for (const [i, wait] of waits().entries()) {
      expect(wait).toBeLessThanOrEqual(backoff[i] as number);
      expect(wait).toBeGreaterThanOrEqual((backoff[i] as number) * 0.75);
    }
  });

  const now = Date.parse('Sun, 06 Nov 1994 08:49:37 GMT');
  test.each([
    ['0', 0],
    ['0.05', 50],
    ['60', 60_000],
    ['61', 60_000],
    ['Infinity', 60_000],
    ['-5', 0],
    ['Sun, 06 Nov 1994 08:49:40 GMT', 3000],
    ['Sun, 06 Nov 1994 08:49:30 GMT', 0],
    ['Sun, 06 Nov 2094 08:49:30 GMT', 60_000],
    ['soon', 375],
    ['', 375],
  ])('Retry-After: %s', (value, wait) => {
    const headers = { 'retry-after': value };
    const error = new UnlabelApiError('overloaded', new Response('', { status: 503, headers }), 'Busy');
    expect(retryDelay(error, 0, now, 1)).toBe(wait);
  });

  test('with jitter', () => {
    const error = new ConnectionError('gone');
    expect([0, 1, 2, 3, 4, 5, 100].map((retry) => retryDelay(error, retry, now, 0))).toEqual([
      500, 1000, 2000, 4000, 8000, 8000, 8000,
    ]);
    expect(retryDelay(error, 0, now, 0.5)).toBe(437.5);
  });
});
