import { expect, test } from 'vitest';
import { randomVector, seededRandom } from '../../../scripts/harness/inputs/random-vectors.ts';
import { pick, poolOf } from '../../../src/vectors/search/diversity.ts';
import { cosine, rank } from '../../../src/vectors/search/nearest.ts';

const random = seededRandom(11);
const query = randomVector(random, 8);
const items = Array.from({ length: 60 }, (_, i) => ({ id: `v${i}`, vector: randomVector(random, 8) }));
const ids = (found: { id: string }[]) => found.map(({ id }) => id);

test('without diversity the nearest match, of at least minScore', () => {
  const nearest = rank(items, query, 10);
  expect(pick(items, query, { topK: 10 })).toEqual(nearest);
  expect(pick(items, query, { topK: 10, diversity: 0 })).toEqual(nearest);
  const minScore = nearest[4]?.score as number;
  expect(ids(pick(items, query, { topK: 10, minScore }))).toEqual(ids(nearest.slice(0, 5)));
});

test.each([0.1, 0.5, 0.9, 1])('with diversity %d each match is the best by the definition', (diversity) => {
  const found = pick(items, query, { topK: 6, diversity });
  const pool = rank(items, query, poolOf({ topK: 6, diversity }));
  expect(new Set(ids(found)).size).toBe(6);
  expect(found[0]?.id).toBe(pool[0]?.id);
  const worth = (vector: Float32Array, before: typeof found) =>
    (1 - diversity) * cosine(vector, query) -
    diversity * Math.max(...before.map((other) => cosine(vector, other.vector)));
  for (const [i, item] of found.entries()) {
    if (i === 0) continue;
    const before = found.slice(0, i);
    const left = pool.filter(({ id }) => !ids(before).includes(id));
    const most = Math.max(...left.map(({ vector }) => worth(vector, before)));
    expect(worth(item.vector, before)).toBe(most);
  }
});

test('copies come last', () => {
  const copies = Array.from({ length: 5 }, (_, i) => ({ id: `copy${i}`, vector: query }));
  const found = pick([...copies, ...items], query, { topK: 4, diversity: 0.6 });
  expect(ids(found).filter((id) => id.startsWith('copy'))).toEqual(['copy0']);
  expect(ids(pick([...copies, ...items], query, { topK: 4 }))).toEqual(['copy0', 'copy1', 'copy2', 'copy3']);
});

test('an excluded pool leaves fewer matches', () => {
  expect(pick([], query, { topK: 4, diversity: 0.5 })).toEqual([]);
  expect(pick(items.slice(0, 2), query, { topK: 4, diversity: 1 })).toHaveLength(2);
});
