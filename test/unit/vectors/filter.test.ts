import { expect, test } from 'vitest';
import type { Comparison, MetadataValue } from '../../../src/contract/vectors.ts';
import { meets } from '../../../src/vectors/search/column.ts';
import { translateFilter } from '../../../src/vectors/vectorize/filter.ts';

test.each<[MetadataValue, Comparison, boolean]>([
  ['a', { eq: 'a' }, true],
  ['1', { eq: 1 }, false],
  [true, { eq: true }, true],
  [1, { eq: true }, false],
  [2, { in: [1, 2] }, true],
  [2, { in: [] }, false],
  [2, { in: ['2'] }, false],
  [2, { gt: 2 }, false],
  [2, { gte: 2, lte: 2 }, true],
  [2, { lt: 2 }, false],
  [-0.5, { gt: -1, lt: 0 }, true],
  ['b', { gt: 'a', lt: 'c' }, true],
  ['b', { gt: 1 }, false],
  [5, { lt: '9' }, false],
  [true, { gte: 0 }, false],
  [3, { in: [3, 9], gt: 4 }, false],
  [9, { in: [3, 9], gt: 4 }, true],
])('%j meets %j: %s', (value, comparison, expected) => {
  expect(meets(value, comparison)).toBe(expected);
});

test('a filter is written as Vectorize takes it', () => {
  expect(
    translateFilter({
      a: 'x',
      b: { eq: 3 },
      c: { in: [1, 5, 'z'], gte: 2 },
      d: { gt: 1, lte: 9 },
    }),
  ).toEqual({ a: 'x', b: { $in: [3] }, c: { $in: [5] }, d: { $gt: 1, $lte: 9 } });
  expect(translateFilter({ a: 'x', b: { in: [] } })).toBe('nothing');
  expect(() => translateFilter({ a: 'x'.repeat(2048) })).toThrow(
    expect.objectContaining({ code: 'invalid_parameter', field: 'filter' }),
  );
});
