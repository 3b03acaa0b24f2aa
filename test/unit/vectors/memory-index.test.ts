import { expect, test } from 'vitest';
import { randomVector, seededRandom } from '../../../scripts/harness/inputs/random-vectors.ts';
import { memoryStorage } from '../../../scripts/harness/servers/sqlite.ts';
import type { Filter } from '../../../src/contract/vectors.ts';
import { LoadedIndex } from '../../../src/vectors/loaded-index.ts';
import { MemoryIndex } from '../../../src/vectors/memory-index.ts';
import { Namespace } from '../../../src/vectors/namespace/namespace.ts';

const model = { name: 'm', version: '1.0.0', dimensions: 12 };
const ref = { name: 'm', version: '1.0.0' };
const filters: (Filter | undefined)[] = [
  undefined,
  { label: 'cat' },
  { place: { gte: 50 } },
  { place: { exists: false } },
];

test('after any writes it answers as the namespace of the service does', async () => {
  const random = seededRandom(3);
  const storage = memoryStorage();
  const namespace = new Namespace(storage, () => storage.deleteAll(), 60_000);
  const index = new MemoryIndex(model);
  const pick = (count: number) => Math.floor(random() * count);
  for (let round = 0; round < 300; round++) {
    const id = `${['é', 'z', '\u{1f600}', '\uffee', 'A'][pick(5)]}${pick(30)}`;
    if (pick(20) === 0) {
      const some: Filter = { place: { gte: round - 40, lt: round - 30 } };
      const ids = index.ids(some);
      for (const id of [...ids].slice(0, 3)) index.remove(id);
      expect(await namespace.deleteWhere(some, 3)).toEqual({
        deleted: Math.min(3, ids.length),
        hasMore: ids.length > 3,
      });
    } else if (pick(6) === 0 && index.ids().includes(id)) {
      const item = index.get(id);
      const metadata = namespace.update(id, { label: 'dog', place: null, seen: round });
      expect(metadata).toEqual({ ...item.metadata, label: 'dog', seen: round, place: undefined });
      expect(metadata).not.toHaveProperty('place');
      index.set({ ...item, metadata });
    } else if (pick(4) === 0) {
      await namespace.delete(id);
      index.remove(id);
    } else {
      const vector = randomVector(random, model.dimensions);
      const item = { id, vector, metadata: { place: round, ...(pick(2) && { label: 'cat' }) } };
      namespace.upsert(ref, [item]);
      index.set(item);
    }
    if (round % 20 !== 19) continue;
    const vector = randomVector(random, model.dimensions);
    const query = { model: ref, vector };
    for (const filter of filters) {
      const { matches } = await namespace.search(query, { topK: 7, filter });
      expect(index.search(query, { topK: 7, filter })).toEqual(matches);
      const varied = { topK: 5, filter, diversity: 0.4, minScore: -0.2 };
      expect(index.search(query, varied)).toEqual((await namespace.search(query, varied)).matches);
      const ids = index.ids();
      const named = [ids[0] as string, ids[ids.length >> 1] as string];
      const examples = { model: ref, like: [vector, ...named], dislike: [ids.at(-1) as string] };
      const liked = index.search(examples, { ...varied, topK: 100 });
      expect(liked).toEqual((await namespace.search(examples, { ...varied, topK: 100 })).matches);
      for (const id of named) expect(liked.map((match) => match.id)).not.toContain(id);
    }
    for (const filter of filters) {
      const page = await namespace.list(4, undefined, filter);
      expect(page.count).toBe(index.ids(filter).length);
      expect(page.vectors).toEqual(index.list(4, undefined, filter));
      expect(page.hasMore).toBe(page.count > page.vectors.length);
    }
    const page = await namespace.list(10);
    expect(index.size).toBe(page.count);
    expect(index.list(10)).toEqual(page.vectors);
    const [, , , fourth] = page.vectors;
    if (fourth) {
      expect(index.list(5, fourth.id)).toEqual((await namespace.list(5, fourth.id)).vectors);
      const byId = await namespace.search({ id: fourth.id }, { topK: 3 });
      expect(index.search({ id: fourth.id }, { topK: 3 })).toEqual(byId.matches);
    }
    const file = new LoadedIndex(index.export());
    expect(file.search(query, { topK: 100 })).toEqual(index.search(query, { topK: 100 }));
  }
});
