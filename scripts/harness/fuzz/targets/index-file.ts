import type { Filter } from '../../../../src/contract/vectors.ts';
import { encodeIndex } from '../../../../src/vectors/index-file.ts';
import { LoadedIndex } from '../../../../src/vectors/loaded-index.ts';
import { must, refusal, type Target } from '../target.ts';

const model = { name: 'm', version: '1' };
const filters: (Filter | undefined)[] = [
  undefined,
  { label: 'cat' },
  { year: { gte: 2000, lt: 2020 }, label: { in: ['cat', 1] } },
];

function seed(rows: 'float32' | 'int8', dimensions: number, count: number): Uint8Array {
  const vectors = Array.from({ length: count }, (_, i) => ({
    id: `v${i}`,
    vector: Float32Array.from({ length: dimensions }, (_, at) => Math.sin(1 + i * 7 + at)),
    metadata: i % 2 ? { label: 'cat', year: 1990 + i } : { ok: true },
  }));
  return encodeIndex({ model, dimensions, rows }, vectors);
}

/** A namespace in one file, read and then searched. */
export const indexFile: Target = {
  seeds: [seed('float32', 3, 4), seed('int8', 16, 5), seed('float32', 1, 1), seed('int8', 8, 0)],
  tokens: [
    'unlabel1',
    '"int8"',
    '"float32"',
    '"count":',
    '"dimensions":',
    '[',
    ']',
    '{}',
    '"v0"',
    'null',
    '"label":',
  ],
  run(input) {
    try {
      const index = new LoadedIndex(input);
      const { dimensions, ...ref } = index.model;
      const listed = index.list(3);
      const query = { model: ref, vector: new Float32Array(dimensions).fill(1) };
      const answers = filters.map((filter) => index.search(query, { topK: 3, filter }));
      const scores = answers.flat().map(({ score }) => score);
      must(
        scores.every((score) => score >= -1 && score <= 1),
        `scores of ${scores}`,
      );
      const first = listed[0] && index.get(listed[0].id);
      return JSON.stringify([index.size, listed, answers, first && [...first.vector]]);
    } catch (error) {
      return refusal(error);
    }
  },
};
