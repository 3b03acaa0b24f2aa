import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { nearestByForce, randomVector, seededRandom } from '../../scripts/harness/inputs/random-vectors.ts';
import type { Filter } from '../../src/contract/vectors.ts';
import type { ClassSets, VectorNamespace } from '../../src/server.ts';
import { LoadedIndex } from '../../src/vectors/loaded-index.ts';
import type { VectorizeBinding } from '../../src/vectors/vectorize/store.ts';

const { VECTORS, CLASSES } = env as unknown as {
  VECTORS: DurableObjectNamespace<VectorNamespace>;
  CLASSES: DurableObjectNamespace<ClassSets>;
};

// What the store needs of Vectorize is what its published type has.
const asBinding = (index: Vectorize): VectorizeBinding => index;
void asBinding;

const model = { name: 'm', version: '1.0.0' };
const random = seededRandom(1);
const vectorsOf = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    id: `v${from + i}`,
    vector: randomVector(random, 64),
    metadata: { n: from + i, even: (from + i) % 2 === 0 },
  }));

/** The value of a call that must not have failed. */
async function value<Value>(call: Promise<{ value: Value } | object>): Promise<Value> {
  const settled = await call;
  if (!('value' in settled)) throw new Error(JSON.stringify(settled));
  return settled.value as Value;
}

test('an object that is evicted finds the same as before, from its storage', async () => {
  const object = VECTORS.getByName('evicted');
  const vectors = vectorsOf(3000);
  for (let i = 0; i < vectors.length; i += 100) await value(object.upsert(model, vectors.slice(i, i + 100)));
  const vector = randomVector(random, 64);
  const search = () =>
    value(object.search({ model, vector }, { topK: 10, filter: { even: true } })).then(
      ({ matches }) => matches,
    );
  const before = await search();
  expect(before.map(({ id }) => id)).toEqual(
    nearestByForce(
      vectors.filter(({ metadata }) => metadata.even).map(({ id, vector }) => [id, vector]),
      vector,
      10,
    ),
  );
  await value(object.delete(before[0]?.id ?? ''));
  const after = await search();
  expect(after.slice(0, 9)).toEqual(before.slice(1));
  await evictDurableObject(object);
  expect(await search()).toEqual(after);
  expect(await value(object.get('v7'))).toEqual({ ...vectors[7], model: { ...model, dimensions: 64 } });
});

test('a write that fails halfway leaves storage and memory as they were', async () => {
  const object = VECTORS.getByName('halfway');
  await value(object.upsert(model, vectorsOf(10)));
  const vector = randomVector(random, 64);
  const search = () => value(object.search({ model, vector }, { topK: 100 }));
  const before = await search();
  const spoilt = [...vectorsOf(5), { id: 'short', vector: randomVector(random, 63), metadata: {} }];
  expect(await object.upsert(model, spoilt)).toMatchObject({ code: 'model_mismatch', field: 'model' });
  expect(await search()).toEqual(before);
  await evictDurableObject(object);
  expect(await search()).toEqual(before);
});

test('an emptied namespace takes another model at once, and frees its storage', async () => {
  const object = VECTORS.getByName('emptied');
  await value(object.upsert(model, vectorsOf(100)));
  const next = { name: 'other', version: '2.0.0' };
  const [cleared, written] = await Promise.all([object.clear(), object.upsert(next, vectorsOf(1, 500))]);
  expect([cleared, written]).toEqual([{ value: undefined }, { value: undefined }]);
  await evictDurableObject(object);
  expect(await value(object.list(10))).toMatchObject({ model: next, count: 1, vectors: [{ id: 'v500' }] });
  await value(object.delete('v500'));
  const tables = await runInDurableObject(object, (_, state) => [
    ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name IN ('about', 'vectors')"),
  ]);
  expect(tables).toEqual([]);
});

test('reading a namespace that nobody wrote to stores nothing', async () => {
  const object = VECTORS.getByName('nobody');
  const vector = randomVector(random, 64);
  expect(await value(object.search({ model, vector }, { topK: 1 }))).toEqual({ model, matches: [] });
  expect(await object.get('a')).toMatchObject({ code: 'vector_not_found' });
  expect(await value(object.export())).toBeUndefined();
  const tables = await runInDurableObject(object, (_, state) => [
    ...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'"),
  ]);
  expect(tables).toEqual([]);
});

test('values too long to be held in memory are filtered from the storage, and writes go on', async () => {
  const object = VECTORS.getByName('captions');
  const caption = (i: number) => `${i} ${'x'.repeat(1900)}`;
  for (let from = 0; from < 3000; from += 100) {
    const vectors = vectorsOf(100, from).map((vector, i) => ({
      ...vector,
      metadata: { caption: caption(from + i) },
    }));
    await value(object.upsert(model, vectors));
  }
  const search = async (filter: Filter) => {
    const vector = randomVector(random, 64);
    const { matches } = await value(object.search({ model, vector }, { topK: 10, filter }));
    return matches.map(({ id }) => id);
  };
  expect(await search({ caption: caption(2345) })).toEqual(['v2345']);
  await value(object.upsert(model, vectorsOf(1, 2345)));
  expect(await search({ caption: caption(2345) })).toEqual([]);
  expect(await search({ caption: caption(2999) })).toEqual(['v2999']);
  await value(object.delete('v2999'));
  expect(await search({ caption: caption(2999) })).toEqual([]);
  await value(object.clear());
  expect(await value(object.list(1))).toMatchObject({ count: 0 });
});

test('the export is a stream of the whole namespace', async () => {
  const object = VECTORS.getByName('stream');
  const vectors = vectorsOf(2500);
  for (let i = 0; i < vectors.length; i += 100) await value(object.upsert(model, vectors.slice(i, i + 100)));
  const file = await value(object.export());
  if (!file) return expect.fail('empty');
  expect(file.etag).toBe(await value(object.etag()));
  const index = new LoadedIndex(new Uint8Array(await new Response(file.body as BodyInit).arrayBuffer()));
  expect(index.size).toBe(2500);
  const vector = randomVector(random, 64);
  const { matches } = await value(object.search({ model, vector }, { topK: 20 }));
  expect(index.search({ model, vector }, { topK: 20 })).toEqual(matches);
});

test('a set of classes is replaced whole, and there are at most a thousand', async () => {
  const shelf = CLASSES.getByName('full');
  const set = (name: string, ...labels: string[]) => ({
    name,
    model: { ...model, dimensions: 64 },
    classes: labels.map((label, i) => ({ label, count: i + 1, prototype: randomVector(random, 64) })),
  });
  await value(shelf.put(set('a', 'x', 'y', 'z')));
  const second = set('a', 'y', 'w');
  await value(shelf.put(second));
  await evictDurableObject(shelf);
  expect(await value(shelf.get('a'))).toEqual(second);
  for (let i = 0; i < 999; i++) await value(shelf.put(set(`n${i}`, 'x')));
  expect(await shelf.put(set('more', 'x'))).toMatchObject({ code: 'quota_exceeded', field: 'name' });
  await value(shelf.put(set('a', 'x')));
  expect(await value(shelf.list())).toHaveLength(1000);
});
