import { expect, test } from 'vitest';
import {
  nearestByForce,
  randomVector,
  seededRandom,
} from '../../../scripts/harness/inputs/random-vectors.ts';
import { NearestIndex, rank } from '../../../src/vectors/search/nearest.ts';
import { createRows } from '../../../src/vectors/search/scan.ts';

const kernels = [
  ['SIMD', (dimensions: number) => new NearestIndex(dimensions)],
  ['plain JavaScript', (dimensions: number) => new NearestIndex(dimensions, createRows(dimensions, null))],
] as const;

type Vectors = Map<string, Float32Array>;
const nameOf = (place: number) => `v${place}`.padStart(8, '0');

function fill(index: NearestIndex, vectors: Vectors): void {
  for (const [place, vector] of [...vectors.values()].entries()) index.set(place, vector);
}

function search(index: NearestIndex, vectors: Vectors, query: Float32Array, count: number): string[] {
  const all = [...vectors];
  const candidates = index.candidates(query, count).map((place) => {
    const [id, vector] = all[place] as [string, Float32Array];
    return { id, vector };
  });
  return rank(candidates, query, count).map(({ id }) => id);
}

test('the platform of these tests compiles the SIMD module', () => {
  expect(createRows(1)).not.toBeInstanceOf(createRows(1, null).constructor);
});

test('10,000 vectors x 100 queries: the ten nearest are those of a comparison with all', () => {
  const random = seededRandom(1);
  const vectors: Vectors = new Map(
    Array.from({ length: 10_000 }, (_, i) => [nameOf(i), randomVector(random, 128)]),
  );
  const index = new NearestIndex(128);
  fill(index, vectors);
  for (let i = 0; i < 100; i++) {
    const query = randomVector(random, 128);
    expect(search(index, vectors, query, 10)).toEqual(nearestByForce(vectors, query, 10));
  }
});

// What rounding to int16 cannot tell apart: tight clusters, and vectors that are there many times.
test.each(kernels)('%s: vectors closer than the rounding are ranked exactly', (_, create) => {
  const random = seededRandom(2);
  for (const dimensions of [1, 7, 16, 33, 128]) {
    const center = randomVector(random, dimensions);
    const vectors: Vectors = new Map();
    for (let i = 0; i < 600; i++) {
      const vector = randomVector(random, dimensions, { around: center, spread: 10 ** (-1 - (i % 7)) });
      vectors.set(nameOf(2 * i), vector);
      vectors.set(nameOf(2 * i + 1), i % 3 ? vector.map((value) => 3 * value) : vector);
    }
    const index = create(dimensions);
    fill(index, vectors);
    for (const count of [1, 10, 100]) {
      const query = randomVector(random, dimensions, { around: center, spread: 0.001 });
      expect(search(index, vectors, query, count)).toEqual(nearestByForce(vectors, query, count));
    }
  }
});

test.each(kernels)(
  '%s: the longest and the shortest vectors of float32 keep their direction',
  (_, create) => {
    const vectors: Vectors = new Map([
      ['huge', Float32Array.of(3e38, 3e38, 0)],
      ['tiny', Float32Array.of(0, 1.4e-45, 1.4e-45)],
      ['one', Float32Array.of(0, 0, 1)],
    ]);
    const index = create(3);
    fill(index, vectors);
    expect(search(index, vectors, Float32Array.of(0, 0, 1e-45), 3)).toEqual(['one', 'tiny', 'huge']);
    expect(search(index, vectors, Float32Array.of(1e38, 0, 0), 1)).toEqual(['huge']);
  },
);

test.each(kernels)('%s: both kernels give the same candidates, for any number of rows', (_, create) => {
  const random = seededRandom(3);
  for (const size of [0, 1, 2_047, 2_048, 2_049, 5_000]) {
    const [index, plain] = [create(20), new NearestIndex(20, createRows(20, null))];
    for (let place = 0; place < size; place++) {
      const vector = randomVector(random, 20);
      index.set(place, vector);
      plain.set(place, vector);
    }
    const query = randomVector(random, 20);
    const candidates = index.candidates(query, 10);
    expect(candidates).toEqual(plain.candidates(query, 10));
    expect(candidates.length).toBeGreaterThanOrEqual(Math.min(10, size));
    expect(candidates.length).toBeLessThan(20);
  }
});

test('only what is allowed is a candidate', () => {
  const random = seededRandom(4);
  const index = new NearestIndex(8);
  for (let place = 0; place < 1000; place++) index.set(place, randomVector(random, 8));
  const allowed = Uint8Array.from({ length: 1000 }, (_, place) => (place % 100 === 7 ? 1 : 0));
  const candidates = index.candidates(randomVector(random, 8), 50, allowed);
  expect(candidates).toEqual([7, 107, 207, 307, 407, 507, 607, 707, 807, 907]);
  expect(index.candidates(randomVector(random, 8), 50, new Uint8Array(1000))).toEqual([]);
});
