import { expect, test } from 'vitest';
import {
  nearestByForce,
  randomVector,
  seededRandom,
} from '../../../scripts/harness/inputs/random-vectors.ts';
import { memoryStorage } from '../../../scripts/harness/servers/sqlite.ts';
import type { Filter, Metadata } from '../../../src/contract/vectors.ts';
import { LoadedIndex } from '../../../src/vectors/loaded-index.ts';
import { Namespace } from '../../../src/vectors/namespace/namespace.ts';
import { meets } from '../../../src/vectors/search/column.ts';
import type { NewVector } from '../../../src/vectors/store.ts';

const model = { name: 'm', version: '1.0.0' };
const dimensions = 12;

/** Its searches may take as long as a busy machine needs. */
function open(storage: ReturnType<typeof memoryStorage>) {
  return new Namespace(storage, () => storage.deleteAll(), 60_000);
}

function create() {
  const storage = memoryStorage();
  return { storage, namespace: open(storage) };
}

const vectorOf = (random: () => number, id: string, metadata: Metadata = {}): NewVector => ({
  id,
  vector: randomVector(random, dimensions),
  metadata,
});

function fileOf(namespace: Namespace): Uint8Array {
  const about = namespace.about();
  if (!about) throw new Error('empty');
  return Buffer.concat([...namespace.export(about)]);
}

const filters: (Filter | undefined)[] = [
  undefined,
  { label: 'cat' },
  { label: { in: ['cat', 'dog'] }, year: { gte: 2010, lt: 2020 } },
  { year: { gt: 'a' } },
  { good: true },
  { missing: 1 },
  { label: { ne: 'cat' }, missing: { exists: false } },
  { year: { nin: [2010, 2011] }, or: [{ label: 'cat' }, { label: 'dog', good: { exists: true } }] },
];

function isMet(metadata: Metadata, filter: Filter = {}): boolean {
  return Object.entries(filter).every(([key, condition]) =>
    Array.isArray(condition)
      ? condition.some((inner) => isMet(metadata, inner))
      : meets(metadata[key], typeof condition === 'object' ? condition : { eq: condition }),
  );
}

test('after any writes, search in memory, from disk and from the exported file agree with a comparison of all', async () => {
  const random = seededRandom(5);
  const pick = (count: number) => Math.floor(random() * count);
  const { storage, namespace } = create();
  const expected = new Map<string, NewVector>();
  for (let round = 0; round < 60; round++) {
    if (round % 4 === 3) {
      for (let i = 0; i < 20; i++) {
        const id = `id${pick(300)}`;
        await namespace.delete(id);
        expected.delete(id);
      }
    } else {
      const ids = new Set(Array.from({ length: 1 + pick(40) }, () => `id${pick(300)}`));
      const vectors = Array.from(ids, (id) =>
        vectorOf(random, id, {
          ...(pick(4) > 0 && { label: ['cat', 'dog', 'ship'][pick(3)] as string }),
          year: pick(5) > 0 ? 2000 + pick(30) : 'unknown',
          good: pick(2) === 0,
        }),
      );
      namespace.upsert(model, vectors);
      for (const vector of vectors) expected.set(vector.id, vector);
    }

    const query = randomVector(random, dimensions);
    const filter = filters[round % filters.length];
    const vectors = [...expected.values()].filter(({ metadata }) => isMet(metadata, filter));
    const ids = nearestByForce(
      vectors.map(({ id, vector }) => [id, vector]),
      query,
      7,
    );
    const options = { topK: 7, filter };
    const { matches } = await namespace.search({ model, vector: query }, options);
    expect(matches.map(({ id }) => id)).toEqual(ids);
    for (const { id, metadata } of matches) expect(metadata).toEqual(expected.get(id)?.metadata);
    const fresh = open(storage);
    expect((await fresh.search({ model, vector: query }, options)).matches).toEqual(matches);
    const file = new LoadedIndex(fileOf(namespace));
    expect(file.size).toBe(expected.size);
    expect(file.search({ model, vector: query }, options)).toEqual(matches);
    const [own] = expected.keys();
    if (own)
      expect(file.search({ id: own }, options)).toEqual(
        (await namespace.search({ id: own }, options)).matches,
      );
  }
  expect(expected.size).toBeGreaterThan(100);
  for (const { id, vector, metadata } of expected.values())
    expect(namespace.get(id)).toEqual({ id, vector, metadata, model: { ...model, dimensions } });
});

test('a search by id leaves that vector out', async () => {
  const { namespace } = create();
  const random = seededRandom(6);
  const [a, b] = [vectorOf(random, 'a'), vectorOf(random, 'b')];
  namespace.upsert(model, [a, { ...a, id: 'twin' }, b]);
  expect((await namespace.search({ id: 'a' }, { topK: 1 })).matches).toEqual([
    { id: 'twin', score: 1, metadata: {} },
  ]);
  expect((await namespace.search({ id: 'a' }, { topK: 100 })).matches.map(({ id }) => id)).toEqual([
    'twin',
    'b',
  ]);
  await expect(namespace.search({ id: 'c' }, { topK: 1 })).rejects.toThrow(
    expect.objectContaining({ code: 'vector_not_found', field: 'id' }),
  );
});

test('a namespace is bound to the model of its first vector until it is empty', async () => {
  const { namespace } = create();
  const random = seededRandom(7);
  namespace.upsert(model, [vectorOf(random, 'a')]);
  const mismatch = expect.objectContaining({
    code: 'model_mismatch',
    message: 'Expected a vector of m 1.0.0 with 12 dimensions, got one of m 2.0.0 with 12 dimensions',
  });
  const next = { ...model, version: '2.0.0' };
  const vector = randomVector(random, dimensions);
  expect(() => namespace.upsert(next, [vectorOf(random, 'b')])).toThrow(mismatch);
  await expect(namespace.search({ model: next, vector }, { topK: 1 })).rejects.toThrow(mismatch);
  const short = vector.slice(1);
  await expect(namespace.search({ model, vector: short }, { topK: 1 })).rejects.toThrow('with 11 dimensions');
  expect(() =>
    namespace.upsert(model, [vectorOf(random, 'b'), { id: 'c', vector: short, metadata: {} }]),
  ).toThrow('with 11 dimensions');
  expect((await namespace.list(10)).vectors).toEqual([{ id: 'a', metadata: {} }]);

  await namespace.delete('a');
  expect(namespace.about()).toBeUndefined();
  expect(await namespace.search({ model: next, vector }, { topK: 1 })).toEqual({ model: next, matches: [] });
  namespace.upsert(next, [{ id: 'short', vector: short, metadata: {} }]);
  expect(namespace.about()).toMatchObject({ version: '2.0.0', dimensions: 11 });
});

test('a write that does not fit changes nothing', async () => {
  const { namespace } = create();
  const random = seededRandom(8);
  // The longest rows make the smallest namespace: 2^24 numbers are 10,922 rows of 1,536.
  const vector = randomVector(random, 1536);
  const write = (from: number, count: number) =>
    namespace.upsert(
      model,
      Array.from({ length: count }, (_, i) => ({ id: `${from + i}`, vector, metadata: {} })),
    );
  write(0, 10_900);
  await namespace.search({ model, vector }, { topK: 1 });
  const before = namespace.about();
  expect(() => write(10_890, 100)).toThrow(
    expect.objectContaining({ code: 'quota_exceeded', message: expect.stringContaining('10922') }),
  );
  expect(namespace.about()).toEqual(before);
  expect((await namespace.list(1)).count).toBe(10_900);
  write(10_890, 32);
  expect((await namespace.list(1)).count).toBe(10_922);
  write(0, 100); // replaces
});

test('a quota bounds what is added, and nothing of a write beyond it is kept', async () => {
  const { namespace } = create();
  const random = seededRandom(13);
  const write = (ids: string[], quota?: number) =>
    namespace.upsert(
      model,
      ids.map((id) => vectorOf(random, id)),
      quota,
    );
  const refusal = expect.objectContaining({
    code: 'quota_exceeded',
    field: 'vectors',
    message: expect.stringContaining('up to 3 vectors'),
  });
  expect(() => write(['a', 'b', 'c', 'd'], 3)).toThrow(refusal);
  expect(namespace.about()).toBeUndefined();
  write(['a', 'b', 'c'], 3);
  const query = { model, vector: randomVector(random, dimensions) };
  const [before, found] = [namespace.about(), await namespace.search(query, { topK: 5 })];
  expect(() => write(['a', 'd'], 3)).toThrow(refusal);
  expect(namespace.about()).toEqual(before);
  expect(await namespace.search(query, { topK: 5 })).toEqual(found);
  write(['c', 'a'], 3); // replaces

  write(['d', 'e']); // another, without a quota
  write(['a', 'e'], 3);
  expect(() => write(['f'], 3)).toThrow(refusal);
  for (const id of ['c', 'd', 'e']) await namespace.delete(id);
  write(['f'], 3);
  expect((await namespace.list(10)).vectors.map(({ id }) => id)).toEqual(['a', 'b', 'f']);
});

test('reading leaves nothing behind', async () => {
  const { storage, namespace } = create();
  expect(namespace.about()).toBeUndefined();
  expect(await namespace.list(10)).toEqual({ model: undefined, count: 0, vectors: [], hasMore: false });
  await namespace.delete('a');
  expect(() => namespace.get('a')).toThrow(expect.objectContaining({ code: 'vector_not_found' }));
  expect([...storage.sql.exec('SELECT * FROM sqlite_master')]).toEqual([]);
});

test('pages go on after an id, whatever has been written since', async () => {
  const { namespace } = create();
  const random = seededRandom(9);
  const ids = ['a', 'b', 'c', 'd', 'e', 'Z', 'é', '日本'];
  namespace.upsert(
    model,
    ids.map((id) => vectorOf(random, id)),
  );
  const first = await namespace.list(3);
  expect(first).toMatchObject({ count: 8, hasMore: true, model });
  expect(first.vectors.map(({ id }) => id)).toEqual(['Z', 'a', 'b']);
  await namespace.delete('b');
  namespace.upsert(model, [vectorOf(random, 'a1')]);
  const rest = await namespace.list(10, 'b');
  expect(rest.vectors.map(({ id }) => id)).toEqual(['c', 'd', 'e', 'é', '日本']);
  expect(rest.hasMore).toBe(false);
});

test('an export that is written to on its way is cut', () => {
  const { namespace } = create();
  const random = seededRandom(10);
  namespace.upsert(
    model,
    Array.from({ length: 1500 }, (_, i) => vectorOf(random, `${i}`)),
  );
  const about = namespace.about();
  if (!about) return expect.fail('empty');
  const pieces = namespace.export(about);
  pieces.next();
  pieces.next();
  namespace.upsert(model, [vectorOf(random, 'new')]);
  expect(() => [...pieces]).toThrow('written to');
  expect(namespace.about()?.etag).not.toBe(about.etag);
});

test('many distinct values in many columns stay right', async () => {
  const { namespace } = create();
  const random = seededRandom(11);
  const vector = randomVector(random, dimensions);
  const metadataOf = (i: number) =>
    Object.fromEntries(Array.from({ length: 12 }, (_, k) => [`k${k}`, i + k]));
  for (let i = 0; i < 30; i++) namespace.upsert(model, [{ id: `${i % 3}`, vector, metadata: metadataOf(i) }]);
  for (let k = 0; k < 12; k++) {
    const { matches } = await namespace.search(
      { model, vector },
      { topK: 10, filter: { [`k${k}`]: 28 + k } },
    );
    expect(matches.map(({ id }) => id)).toEqual(['1']);
  }
});

test('a filter by long and distinct values is right, though they are too many to be held', async () => {
  const { namespace } = create();
  const random = seededRandom(12);
  const vector = randomVector(random, dimensions);
  const caption = (i: number) => `${i} ${'x'.repeat(1900)}`;
  for (let from = 0; from < 3000; from += 100)
    namespace.upsert(
      model,
      Array.from({ length: 100 }, (_, i) => ({
        id: `${from + i}`,
        vector,
        metadata: { caption: caption(from + i), n: i },
      })),
    );
  const search = async (filter: Filter) =>
    (await namespace.search({ model, vector }, { topK: 10, filter })).matches.map(({ id }) => id);
  for (let round = 0; round < 2; round++) {
    expect(await search({ caption: caption(2345) })).toEqual(['2345']);
    expect(await search({ n: 7, caption: { gte: caption(2907), lt: '3' } })).toEqual(['2907']);
  }
  namespace.upsert(model, [{ id: '2345', vector, metadata: { caption: 'short' } }]);
  expect(await search({ caption: caption(2345) })).toEqual([]);
  expect(await search({ caption: 'short' })).toEqual(['2345']);
});

/** Runs a step whenever the searches let other events in. */
async function interleave<Result>(work: Promise<Result>, step: () => void): Promise<Result> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  while (!isDone) {
    step();
    await new Promise((resolve) => setTimeout(resolve));
  }
  return done;
}

test('a search answers as of one moment, whatever is written while it reads the namespace', async () => {
  const random = seededRandom(14);
  const { storage, namespace } = create();
  const expected = new Map<string, NewVector>();
  const write = (ids: string[]) => {
    const vectors = ids.map((id) =>
      vectorOf(random, id, { n: Math.floor(9 * random()), text: `${random()} ${'x'.repeat(1900)}` }),
    );
    namespace.upsert(model, vectors);
    for (const vector of vectors) expected.set(vector.id, vector);
  };
  for (let from = 0; from < 9_000; from += 100) write(Array.from({ length: 100 }, (_, i) => `id${from + i}`));
  for (const filter of [undefined, { n: { lt: 5 } }, { text: { lt: '0.5' }, n: 3 }]) {
    const fresh = open(storage);
    const query = randomVector(random, dimensions);
    let writes = 0;
    const { matches } = await interleave(fresh.search({ model, vector: query }, { topK: 20, filter }), () => {
      if (writes++ % 2) return;
      const ids = [...expected.keys()];
      const id = () => ids[Math.floor(random() * ids.length)] as string;
      const vectors = [id(), id(), `new${writes}${filter?.n}`].map((id) =>
        vectorOf(random, id, { n: Math.floor(9 * random()), text: `${random()}` }),
      );
      fresh.upsert(model, vectors);
      for (const vector of vectors) expected.set(vector.id, vector);
      const gone = id();
      void fresh.delete(gone);
      expected.delete(gone);
    });
    expect(writes).toBeGreaterThan(1);
    const after = (await fresh.search({ model, vector: query }, { topK: 20, filter })).matches;
    const met = [...expected.values()].filter(({ metadata }) => isMet(metadata, filter));
    const ids = nearestByForce(
      met.map(({ id, vector }) => [id, vector]),
      query,
      20,
    );
    expect(after.map(({ id }) => id)).toEqual(ids);
    const again = open(storage);
    expect((await again.search({ model, vector: query }, { topK: 20, filter })).matches).toEqual(after);
    expect(matches).toHaveLength(20);
    for (const match of matches) expect(match.metadata).toBeDefined();
  }
}, 60_000);

test('a search of a namespace that is emptied meanwhile finds nothing', async () => {
  const random = seededRandom(15);
  const { namespace } = create();
  for (let from = 0; from < 9_000; from += 100)
    namespace.upsert(
      model,
      Array.from({ length: 100 }, (_, i) => vectorOf(random, `id${from + i}`)),
    );
  const vector = randomVector(random, dimensions);
  const searching = namespace.search({ model, vector }, { topK: 5 });
  await namespace.clear();
  expect((await searching).matches).toEqual([]);
});

test('a search that takes too long says so, and the next one goes on from there', async () => {
  const random = seededRandom(17);
  const { storage } = create();
  const namespace = new Namespace(storage, () => storage.deleteAll(), -1);
  for (let from = 0; from < 9_000; from += 100)
    namespace.upsert(
      model,
      Array.from({ length: 100 }, (_, i) => vectorOf(random, `id${from + i}`)),
    );
  const query = { model, vector: randomVector(random, dimensions) };
  const late = { code: 'store_unavailable', status: 503 };
  await expect(namespace.search(query, { topK: 5 })).rejects.toMatchObject(late);
  await expect(namespace.search(query, { topK: 5 })).rejects.toMatchObject(late);
  expect((await namespace.search(query, { topK: 5 })).matches).toEqual(
    (await open(storage).search(query, { topK: 5 })).matches,
  );
});

test('searches of many vectors are those of each, in one pass', async () => {
  const random = seededRandom(16);
  const { namespace } = create();
  for (let from = 0; from < 2_000; from += 100)
    namespace.upsert(
      model,
      Array.from({ length: 100 }, (_, i) => vectorOf(random, `id${from + i}`, { n: i % 7 })),
    );
  const vectors = Array.from({ length: 32 }, () => randomVector(random, dimensions));
  const options = { topK: 9, filter: { n: { in: [1, 2] } } };
  const alone = [];
  for (const vector of vectors) alone.push((await namespace.search({ model, vector }, options)).matches);
  expect(await namespace.searchAll(model, vectors, options)).toEqual(alone);
  const file = new LoadedIndex(fileOf(namespace));
  expect(file.searchAll(model, vectors, options)).toEqual(alone);
});
