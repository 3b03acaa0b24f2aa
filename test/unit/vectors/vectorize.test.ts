import { expect, test } from 'vitest';
import {
  nearestByForce,
  randomVector,
  seededRandom,
} from '../../../scripts/harness/inputs/random-vectors.ts';
import type { Metadata } from '../../../src/contract/vectors.ts';
import { VectorizeStore } from '../../../src/vectors/vectorize/store.ts';
import { VectorizeStandIn } from '../../helpers/vectorize-stand-in.ts';

const model = { name: 'm', version: '1.0.0' };
const dimensions = 8;

function create(indexed: string[] = []) {
  const index = new VectorizeStandIn(dimensions, indexed);
  return { index, store: new VectorizeStore(index) };
}

const random = seededRandom(1);
const vectorsOf = (count: number, metadata: (i: number) => Metadata = () => ({})) =>
  Array.from({ length: count }, (_, i) => ({
    id: `v${i}`,
    vector: randomVector(random, dimensions),
    metadata: metadata(i),
  }));

test('vectors come back as they went, once the write is processed', async () => {
  const { index, store } = create();
  const [vector] = vectorsOf(1, () => ({ label: 'cat', good: true, n: 3 }));
  if (!vector) return;
  await store.upsert('photos', model, [vector]);
  await expect(store.get('photos', 'v0')).rejects.toMatchObject({ code: 'vector_not_found' });
  index.settle();
  expect(await store.get('photos', 'v0')).toEqual({ ...vector, model });
  await expect(store.get('other', 'v0')).rejects.toMatchObject({ code: 'vector_not_found' });
  await store.delete('photos', 'v0');
  index.settle();
  await expect(store.get('photos', 'v0')).rejects.toMatchObject({ code: 'vector_not_found' });
});

test('any topK to 100 gives the nearest with their metadata, in their namespace only', async () => {
  const { index, store } = create();
  const vectors = vectorsOf(100, (i) => ({ n: i }));
  await store.upsert('a', model, vectors);
  await store.upsert('b', model, vectorsOf(100));
  index.settle();
  const query = randomVector(random, dimensions);
  for (const topK of [1, 20, 21, 45, 100]) {
    const { matches } = await store.search('a', { model, vector: query }, { topK });
    expect(matches.map(({ id }) => id)).toEqual(
      nearestByForce(
        vectors.map(({ id, vector }) => [id, vector]),
        query,
        topK,
      ),
    );
    for (const { id, metadata } of matches) expect(metadata).toEqual({ n: Number(id.slice(1)) });
  }
  const alike = await store.search('a', { id: 'v7' }, { topK: 100 });
  expect(alike.matches).toHaveLength(99);
  expect(alike.matches.map(({ id }) => id)).not.toContain('v7');
});

test('a search by examples leaves those out that it names', async () => {
  const { index, store } = create();
  const vectors = vectorsOf(60, (i) => ({ n: i }));
  await store.upsert('a', model, vectors);
  index.settle();
  const like = vectors.slice(0, 25).map(({ id }) => id);
  const own = randomVector(random, dimensions);
  const { matches } = await store.search(
    'a',
    { model, like: [...like, own], dislike: ['v40'] },
    { topK: 30 },
  );
  expect(matches).toHaveLength(30);
  expect(matches.filter(({ id }) => [...like, 'v40'].includes(id))).toEqual([]);
  const missing = store.search('a', { model: undefined, like: ['v1', 'none'], dislike: [] }, { topK: 1 });
  await expect(missing).rejects.toMatchObject({ code: 'vector_not_found', field: 'like[1].id' });
});

test('filters are equality, one of several, and ranges', async () => {
  const { index, store } = create(['label', 'year']);
  const label = (i: number) => ['cat', 'dog', 'ship'][i % 3] as string;
  await store.upsert(
    'a',
    model,
    vectorsOf(60, (i) => ({ label: label(i), year: 2000 + i })),
  );
  index.settle();
  const query = { model, vector: randomVector(random, dimensions) };
  const filter = { label: { in: ['cat', 'dog'] }, year: { gte: 2010, lt: 2020 } };
  const { matches } = await store.search('a', query, { topK: 50, filter });
  expect(matches.map(({ metadata }) => metadata.year).toSorted()).toEqual([
    2010, 2012, 2013, 2015, 2016, 2018, 2019,
  ]);
  expect((await store.search('a', query, { topK: 5, filter: { label: { in: [] } } })).matches).toEqual([]);
});

test('another model is a typed error, at a write and at a search', async () => {
  const { index, store } = create();
  await store.upsert('a', model, vectorsOf(3));
  index.settle();
  const next = { ...model, version: '2.0.0' };
  const mismatch = {
    code: 'model_mismatch',
    message: expect.stringMatching(/m 1\.0\.0.*m 2\.0\.0|m 2\.0\.0.*m 1\.0\.0/),
  };
  await expect(store.upsert('a', next, vectorsOf(1))).rejects.toMatchObject(mismatch);
  const vector = randomVector(random, dimensions);
  await expect(store.search('a', { model: next, vector }, { topK: 30 })).rejects.toMatchObject(mismatch);
  const short = { model, vector: vector.slice(1) };
  await expect(store.search('a', short, { topK: 1 })).rejects.toMatchObject({
    code: 'model_mismatch',
    message: expect.stringMatching(/8 dimensions.*7 dimensions/),
  });
  await store.upsert('b', next, vectorsOf(1)); // another namespace
});

test('an id that is too long with its namespace is refused before anything is written', async () => {
  const { index, store } = create();
  const vectors = vectorsOf(2).map((vector, i) => ({ ...vector, id: 'é'.repeat(29 + i) }));
  await expect(store.upsert('photos', model, vectors)).rejects.toMatchObject({
    code: 'invalid_parameter',
    field: 'id',
  });
  index.settle();
  await store.upsert('photo', model, vectors.slice(0, 1));
});

test('what Vectorize cannot do is a typed error', async () => {
  const { index, store } = create();
  const [vector] = vectorsOf(1);
  if (!vector) return;
  const upsert = store.upsert('a', model, [vector], 1000);
  for (const call of [upsert, store.list(), store.clear(), store.etag(), store.export()])
    await expect(call).rejects.toMatchObject({ code: 'not_supported' });
  index.settle();
  await expect(store.get('a', 'v0')).rejects.toMatchObject({ code: 'vector_not_found' });
});
