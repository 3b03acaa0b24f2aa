import { expect, test } from 'vitest';
import { randomVector, seededRandom } from '../../../scripts/harness/inputs/random-vectors.ts';
import { memoryStorage } from '../../../scripts/harness/servers/sqlite.ts';
import type { Filter } from '../../../src/contract/vectors.ts';
import { LoadedIndex } from '../../../src/vectors/loaded-index.ts';
import { MemoryIndex } from '../../../src/vectors/memory-index.ts';
import { Namespace } from '../../../src/vectors/namespace.ts';

const model = { name: 'm', version: '1.0.0', dimensions: 12 };
const ref = { name: 'm', version: '1.0.0' };
const filters: (Filter | undefined)[] = [undefined, { label: 'cat' }, { place: { gte: 50 } }];

test('after any writes it answers as the namespace of the service does', async () => {
  const random = seededRandom(3);
  const storage = memoryStorage();
  const namespace = new Namespace(storage, () => storage.deleteAll(), 60_000);
  const index = new MemoryIndex(model);
  const pick = (count: number) => Math.floor(random() * count);
  for (let round = 0; round < 300; round++) {
    const id = `${['é', 'z', '\u{1f600}', '\uffee', 'A'][pick(5)]}${pick(30)}`;
    if (pick(4) === 0) {
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
    }
    const page = namespace.list(10);
    expect(index.size).toBe(page.count);
    expect(index.list(10)).toEqual(page.vectors);
    const [, , , fourth] = page.vectors;
    if (fourth) {
      expect(index.list(5, fourth.id)).toEqual(namespace.list(5, fourth.id).vectors);
      const byId = await namespace.search({ id: fourth.id }, { topK: 3 });
      expect(index.search({ id: fourth.id }, { topK: 3 })).toEqual(byId.matches);
    }
    const file = new LoadedIndex(index.export());
    expect(file.search(query, { topK: 100 })).toEqual(index.search(query, { topK: 100 }));
  }
});
