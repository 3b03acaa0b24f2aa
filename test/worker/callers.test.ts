import { listDurableObjectIds } from 'cloudflare:test';
import { env, waitUntil } from 'cloudflare:workers';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { codecs } from '../../src/image/codecs/codecs-workerd.ts';
import { workerdRuntime } from '../../src/inference/runtime/runtime-workerd.ts';
import { createAppOn } from '../../src/server/app.ts';
import type { LogLine } from '../../src/server/middleware/log.ts';
import { networkOf } from '../../src/server/middleware/network.ts';
import type { Bindings } from '../../src/server/platform.ts';
import { sha256 } from '../../src/util/sha256.ts';

const lines: LogLine[] = [];
const platform = { runtime: workerdRuntime, codecs, waitUntil };
const app = createAppOn(platform, { log: (line) => lines.push(line) });
const open: Bindings = { ...(env as unknown as Bindings), ALLOW_OPEN_WRITES: 'true' };
const digest = await sha256(new TextEncoder().encode('page'));

const tensor = { method: 'POST', body: new Uint8Array(32 * 32 * 3) };
const tensorType = { 'content-type': 'application/vnd.unlabel.rgb8' };
const json = { 'content-type': 'application/json' };
const vector = Array.from({ length: 128 }, (_, i) => i + 1);
const put = {
  method: 'PUT',
  body: JSON.stringify({ vectors: [{ id: 'a', vector, metadata: { label: 'x' } }] }),
  headers: json,
};
const classes = {
  method: 'PUT',
  body: JSON.stringify({ classes: { a: [{ vector }] } }),
  headers: json,
};

/** Every way to the store, and whether it is one that predictions need. */
const calls: [path: string, init: RequestInit, isPrediction: boolean][] = [
  ['/v1/classify', { ...tensor, headers: tensorType }, true],
  ['/v1/classify?method=neighbors', { ...tensor, headers: tensorType }, true],
  ['/v1/embeddings', { ...tensor, headers: tensorType }, true],
  ['/v1/search?namespace=gallery', { ...tensor, headers: tensorType }, true],
  ['/v1/vectors?namespace=gallery', {}, true],
  ['/v1/index/gallery', { method: 'HEAD' }, true],
  ['/v1/models', {}, true],
  ['/v1/vectors', put, false],
  ['/v1/vectors', { ...put, headers: { 'content-type': 'text/plain' } }, false],
  ['/v1/vectors', {}, false],
  ['/v1/vectors/a', {}, false],
  ['/v1/vectors/a', { method: 'DELETE' }, false],
  ['/v1/vectors?namespace=other', { method: 'DELETE' }, false],
  ['/v1/vectors/a', { method: 'PATCH', body: '{"metadata":{}}', headers: json }, false],
  ['/v1/deletions', { method: 'POST', body: '{"filter":{"a":1}}', headers: json }, false],
  ['/v1/namespaces', {}, false],
  ['/v1/aliases', {}, false],
  ['/v1/aliases/a', { method: 'PUT', body: '{"namespace":"b"}', headers: json }, false],
  ['/v1/aliases/a', { method: 'DELETE' }, false],
  ['/v1/index/default', {}, false],
  ['/v1/search', { ...tensor, headers: tensorType }, false],
  ['/v1/classes/set', classes, false],
  ['/v1/classes', {}, false],
  ['/v1/classes/set', {}, false],
  ['/v1/classes/set', { method: 'DELETE' }, false],
  ['/v1/classify?method=neighbors&namespace=default', { ...tensor, headers: tensorType }, false],
  ['/v1/classify?classes=set', { ...tensor, headers: tensorType }, false],
];

const from = (origin: string, init: RequestInit, more: Record<string, string> = {}) => ({
  ...init,
  headers: { ...(init.headers as Record<string, string>), origin, ...more },
});
const statusOf = async (path: string, init: RequestInit, bindings = open) => {
  const answer = await app.request(`http://localhost${path}`, init, bindings);
  await answer.arrayBuffer();
  return answer.status;
};

test.each(calls)('an open deployment and pages of other origins: %s', async (path, init, isPrediction) => {
  for (const origin of ['https://evil.example', 'null', 'http://localhost:1', 'http://localhost.evil'])
    expect([origin, await statusOf(path, from(origin, init))]).toEqual([origin, isPrediction ? 200 : 403]);
});

test.each(calls)('an open deployment, its own pages, listed ones and programs: %s', async (path, init) => {
  await statusOf('/v1/vectors', put);
  await statusOf('/v1/classes/set', classes);
  const listed = { ...open, ALLOWED_ORIGINS: 'https://a.example https://shop.example' };
  expect(await statusOf(path, init)).toBe(200);
  await statusOf('/v1/vectors', put);
  await statusOf('/v1/classes/set', classes);
  expect(await statusOf(path, from('http://localhost', init))).toBe(200);
  await statusOf('/v1/vectors', put);
  await statusOf('/v1/classes/set', classes);
  expect(await statusOf(path, from('https://shop.example', init), listed)).toBe(200);
});

test('a name of another that points at this machine is another origin', async () => {
  const answer = await app.request(
    'http://evil.example/v1/vectors',
    from('http://evil.example', {}, { 'cf-connecting-ip': '127.0.0.1' }),
    open,
  );
  expect(answer.status).toBe(403);
});

test('reading namespaces that nobody wrote to creates no objects', async () => {
  const { VECTORS } = env as unknown as { VECTORS: DurableObjectNamespace };
  const ids = async () => (await listDurableObjectIds(VECTORS)).map(String).sort();
  await statusOf('/v1/vectors', put);
  const before = await ids();
  expect(before.length).toBeGreaterThan(0);
  for (let i = 0; i < 20; i++) {
    const query = `namespace=nobody${i}`;
    expect(await statusOf(`/v1/vectors?${query}`, {})).toBe(200);
    expect(await statusOf(`/v1/vectors/a?${query}`, {})).toBe(404);
    expect(await statusOf(`/v1/index/nobody${i}`, {})).toBe(404);
    expect(await statusOf(`/v1/search?${query}`, { ...tensor, headers: tensorType })).toBe(200);
    expect(await statusOf(`/v1/vectors?${query}`, { method: 'DELETE' })).toBe(200);
    expect(await statusOf(`/v1/vectors/a?${query}`, { method: 'DELETE' })).toBe(200);
  }
  expect(await ids()).toEqual(before);
});

test('a namespace that another isolate wrote to is found', async () => {
  const other = createAppOn(platform, { log: () => {} });
  const body = JSON.stringify({ namespace: 'elsewhere', vectors: [{ id: 'a', vector }] });
  expect((await other.request('/v1/vectors', { ...put, body }, open)).status).toBe(200);
  expect(await statusOf('/v1/vectors/a?namespace=elsewhere', {})).toBe(200);
});

/** Bindings whose rate limit counts up to three by caller. */
function limited(more: Partial<Bindings> = {}): Bindings {
  const counts = new Map<string, number>();
  return {
    ...open,
    ...more,
    RATE_LIMIT: {
      async limit({ key }) {
        counts.set(key, (counts.get(key) ?? 0) + 1);
        return { success: (counts.get(key) ?? 0) <= 3 };
      },
    },
  };
}

test('one visitor cannot exhaust the rate of a page’s key for all, nor can refused origins', async () => {
  const bindings = limited({ API_KEY_HASHES: `${digest}:read;origins=https://shop.example` });
  const ask = (origin: string, address: string) =>
    statusOf(
      '/v1/models',
      from(origin, {}, { authorization: 'Bearer page', 'cf-connecting-ip': address }),
      bindings,
    );
  for (let i = 0; i < 3; i++) expect(await ask('https://shop.example', '192.0.2.1')).toBe(200);
  expect(await ask('https://shop.example', '192.0.2.1')).toBe(429);
  for (let i = 0; i < 3; i++) expect(await ask('https://evil.example', '192.0.2.2')).toBe(403);
  expect(await ask('https://evil.example', '192.0.2.2')).toBe(429);
  expect(await ask('https://shop.example', '192.0.2.3')).toBe(200);
});

test.each(['/', '/docs', '/nowhere', '/openapi.json', '/ready', '/runtime/1/x.wasm', '/v1/models'])(
  '%s counts for the rate of an address',
  async (path) => {
    const bindings = limited();
    const headers = { 'cf-connecting-ip': '2001:db8::1' };
    for (let i = 0; i < 3; i++) expect(await statusOf(path, { headers }, bindings)).not.toBe(429);
    expect(await statusOf(path, { headers }, bindings)).toBe(429);
    expect(await statusOf('/health', { headers }, bindings)).toBe(200);
  },
);

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::', '2001:db8:1:2'],
  ['2001::1:2:3:4:5', '2001:0:0:1'],
  ['2001:0DB8::1', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0'],
])('the network of %s is %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('a request id that a caller chooses is short, or replaced', async () => {
  for (const [length, isKept] of [
    [64, true],
    [65, false],
  ] as const) {
    const id = 'a'.repeat(length);
    const answer = await app.request('/health', { headers: { 'x-request-id': id } }, open);
    expect(answer.headers.get('x-request-id') === id).toBe(isKept);
    expect(lines.at(-1)?.requestId.length).toBeLessThanOrEqual(64);
  }
});

test.each(['text', 'arrayBuffer', 'json', 'formData'] as const)(
  'a parent app that has read the body by %s() leaves it to be answered',
  async (method) => {
    const parent = new Hono();
    parent.use(async (c, next) => {
      await c.req[method]();
      await next();
    });
    parent.route('/', createAppOn(platform, { log: () => {} }));
    const form = new FormData();
    form.append('file', new Blob(['no picture']));
    const isForm = method === 'formData';
    const answer = await parent.request(
      isForm ? '/v1/classify' : '/v1/search',
      isForm
        ? { method: 'POST', body: form }
        : { method: 'POST', headers: json, body: JSON.stringify({ vector }) },
      open as never,
    );
    expect(await answer.json()).toMatchObject(
      isForm ? { code: 'unsupported_media_type' } : { matches: expect.any(Array) },
    );
  },
);

test('every string that a request may hold has a length', async () => {
  const document = await (await app.request('/openapi.json', {}, open)).json<Node>();
  const unbounded: string[] = [];
  const visit = (node: Node, path: string) => {
    if (node === null || typeof node !== 'object') return;
    const { type, maxLength, enum: values, const: constant, format, $ref } = node as Record<string, unknown>;
    if (typeof $ref === 'string') {
      const name = $ref.split('/').at(-1) ?? '';
      // A schema that is part of itself.
      if (path.includes(` ${name}.`)) return;
      const { components } = document as { components: { schemas: Record<string, Node> } };
      return visit(components.schemas[name] as Node, `${path} ${name}`);
    }
    if (type === 'string' && maxLength === undefined && !values && !constant && format !== 'binary')
      unbounded.push(path);
    for (const [key, member] of Object.entries(node)) visit(member as Node, `${path}.${key}`);
  };
  const { paths } = document as unknown as { paths: Record<string, Record<string, Record<string, Node>>> };
  for (const [path, methods] of Object.entries(paths))
    for (const [method, { parameters, requestBody }] of Object.entries(methods)) {
      visit(parameters ?? null, `${method} ${path} parameters`);
      visit(requestBody ?? null, `${method} ${path} body`);
    }
  expect(Object.keys(paths).length).toBeGreaterThan(5);
  expect(unbounded).toEqual([]);
});

type Node = object | null;
