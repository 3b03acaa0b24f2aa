import { expect, test } from 'vitest';
import { drawPng } from '../../scripts/harness/inputs/draw-png.ts';
import { createNodeApp, shippedAssets } from '../../scripts/harness/servers/shipped.ts';
import type { NamespaceStub } from '../../src/vectors/durable.ts';
import type { VectorizeBinding } from '../../src/vectors/vectorize/store.ts';

const png = drawPng(32, 32, (x, y) => [8 * x, 8 * y, 60]);
const vector = Array.from({ length: 128 }, (_, i) => i + 1);
const json = { 'content-type': 'application/json' };
const put = { method: 'PUT', headers: json, body: JSON.stringify({ vectors: [{ id: 'a', vector }] }) };
const search = { method: 'POST', headers: json, body: JSON.stringify({ vector }) };

/** A binding all of whose methods do the same, whatever is asked of it. */
const all = <Binding extends object>(method: () => unknown): Binding =>
  new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : method) }) as Binding;

const throws = () => {
  throw new Error('the disk is gone');
};
const rejects = async () => throws();
const hangs = () => new Promise<never>(() => {});
/** A disk that can be read only. */
const readOnly: Partial<NamespaceStub> = {
  hasName: async () => ({ value: true }),
  addName: rejects,
  upsert: rejects,
  delete: rejects,
  clear: rejects,
  get: async () => ({ code: 'vector_not_found', detail: 'none', field: 'id' }),
  search: async () => ({ value: { model: { name: 'cifar10', version: '2.0.0' }, matches: [] } }),
};
const durable = (stub: unknown) => ({
  VECTORS: { getByName: () => stub as NamespaceStub },
  CLASSES: { getByName: () => stub as never },
});
const vectorize = (method: () => unknown) => ({
  VECTOR_STORE: 'vectorize' as const,
  VECTORIZE: all<VectorizeBinding>(method),
  CLASSES: { getByName: () => all<never>(method) },
});

const calls = [
  ['/v1/vectors', put],
  ['/v1/vectors/a', {}],
  ['/v1/vectors/a', { method: 'DELETE' }],
  ['/v1/search', search],
  ['/v1/classify?method=neighbors&namespace=default', { method: 'POST', body: png }],
  ['/v1/classes', {}],
] as [string, RequestInit][];

test.each([
  ['throws', durable(all(throws)), 100],
  ['cannot be found', { ...durable({}), VECTORS: { getByName: throws } }, 100],
  ['rejects', durable(all(rejects)), 100],
  ['hangs', durable(all(hangs)), 100],
  ['rejects, of Vectorize', vectorize(rejects), 100],
  ['hangs, of Vectorize', vectorize(hangs), 1],
])('a store that %s is a 503 of its own, and classification goes on', async (_, bindings, times) => {
  const app = createNodeApp();
  const env = { ASSETS: shippedAssets, ALLOW_OPEN_WRITES: 'true', ...bindings };
  const classify = async () => {
    const answer = await app.request('/v1/classify', { method: 'POST', body: png }, env);
    return [answer.status, await answer.text()];
  };
  const before = await classify();
  expect(before[0]).toBe(200);
  const answers = Array.from({ length: times }, async (_, i) => {
    const [path, init] = calls[i % calls.length] as [string, RequestInit];
    const answer = await app.request(path, init, env);
    expect([path, answer.status]).toEqual([path, 503]);
    expect(await answer.json()).toMatchObject({ code: 'store_unavailable' });
    expect(answer.headers.get('retry-after')).toBe('1');
  });
  // Amid the calls that hang.
  expect(await classify()).toEqual(before);
  await Promise.all(answers);
});

test('a store that can only be read is read, and acknowledges no write', async () => {
  const app = createNodeApp();
  const env = { ASSETS: shippedAssets, ALLOW_OPEN_WRITES: 'true', ...durable(readOnly) };
  for (let i = 0; i < 100; i++) {
    expect((await app.request('/v1/vectors', put, env)).status).toBe(503);
    expect((await app.request('/v1/search', search, env)).status).toBe(200);
    expect((await app.request('/v1/vectors/a', {}, env)).status).toBe(404);
  }
});
