import { describe, expect, test } from 'vitest';
import { checkFilter } from '../../../src/contract/filter.ts';
import type { Comparison, Filter, Metadata, MetadataValue } from '../../../src/contract/vectors.ts';
import { MemoryIndex } from '../../../src/vectors/memory-index.ts';
import { meets } from '../../../src/vectors/search/column.ts';
import { translateFilter } from '../../../src/vectors/vectorize/filter.ts';

test.each<[MetadataValue | undefined, Comparison, boolean]>([
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
  ['a', { ne: 'a' }, false],
  ['b', { ne: 'a' }, true],
  [1, { ne: '1' }, true],
  [undefined, { ne: 'a' }, true],
  [2, { nin: [1, 2] }, false],
  [3, { nin: [1, 2] }, true],
  [3, { nin: [] }, true],
  [undefined, { nin: [1] }, true],
  [false, { exists: true }, true],
  [undefined, { exists: true }, false],
  ['', { exists: false }, false],
  [undefined, { exists: false }, true],
  [undefined, { eq: 'a' }, false],
  [undefined, { in: ['a'] }, false],
  [undefined, { gt: 0 }, false],
  [7, { ne: 3, gt: 4 }, true],
  [7, { nin: [7], gt: 4 }, false],
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
  expect(
    translateFilter({ a: { ne: 1 }, b: { nin: [2, 3], ne: 4 }, c: { in: [1, 2], ne: 1, exists: true } }),
  ).toEqual({
    a: { $nin: [1] },
    b: { $nin: [2, 3, 4] },
    c: { $in: [2] },
  });
  expect(() => translateFilter({ a: 'x'.repeat(2048) })).toThrow(
    expect.objectContaining({ code: 'invalid_parameter', field: 'filter' }),
  );
});

test.each<[string, Filter]>([
  ['or', { or: [{ a: 1 }, { b: 2 }] }],
  ['and', { and: [{ a: 1 }] }],
  ['exists', { a: { exists: true } }],
  ['ne and nin beside bounds', { a: { ne: 1, gt: 0 } }],
])('what Vectorize cannot tell is refused, not dropped: %s', (named, filter) => {
  expect(() => translateFilter(filter)).toThrow(
    expect.objectContaining({
      code: 'not_supported',
      message: expect.stringContaining(named),
      field: 'filter',
    }),
  );
});

const nested = (depth: number): Filter => (depth === 1 ? { a: 1 } : { or: [nested(depth - 1)] });
test.each<[string, unknown, string]>([
  ['filter.a.like', { a: { like: 'x' } }, 'filter.a'],
  ['exists', { a: { exists: 1 } }, 'filter.a.exists'],
  ['nin', { a: { nin: 'x' } }, 'filter.a.nin'],
  ['an undefined member', { or: [{ a: 1 }, { b: { ne: undefined } }] }, 'filter.or[1].b.ne'],
  ['no filters', { or: [] }, 'filter.or'],
  ['a hole', { or: [undefined] }, 'filter.or[0]'],
  ['a filter of no conditions, which would match everything', { or: [{ a: 1 }, {}] }, 'filter.or[1]'],
  ['both bounds', { and: [{ a: { gt: 1, gte: 1 } }] }, 'filter.and[0].a'],
  ['an array under another key', { a: [{ b: 1 }] }, 'filter.a'],
  ['keys in all', { or: Array.from({ length: 3 }, () => ({ a: 1, b: 2, c: 3 })) }, 'filter'],
  ['depth', nested(4), 'filter.or[0].or[0].or[0]'],
])('a filter is refused with its place: %s', (_, filter, field) => {
  expect(() => checkFilter(filter)).toThrow(expect.objectContaining({ code: 'invalid_parameter', field }));
});

test('filters may nest, and `and` and `or` may be metadata keys', () => {
  expect(() => checkFilter(nested(3))).not.toThrow();
  expect(() => checkFilter({ or: 'x', and: { exists: true } })).not.toThrow();
});

describe('filters on an index', () => {
  const items: [string, Metadata][] = [
    ['a', { label: 'cat', year: 2019 }],
    ['b', { label: 'cat', year: 2024, pet: true }],
    ['c', { label: 'dog', year: 2024 }],
    ['d', { year: 2025 }],
    ['e', { label: 'fox', or: 'x' }],
  ];
  const index = new MemoryIndex(
    { name: 'm', version: '1', dimensions: 2 },
    items.map(([id, metadata]) => ({ id, metadata, vector: Float32Array.of(1, 0) })),
  );
  test.each<[Filter, string]>([
    [{ label: { ne: 'cat' } }, 'cde'],
    [{ label: { nin: ['cat', 'dog'] } }, 'de'],
    [{ label: { exists: false } }, 'd'],
    [{ label: { exists: true }, year: { exists: false } }, 'e'],
    [{ or: [{ label: 'dog' }, { pet: true }] }, 'bc'],
    [{ year: { gte: 2020 }, or: [{ label: 'cat' }, { label: { exists: false } }] }, 'bd'],
    [{ or: [{ label: 'cat', year: 2019 }, { and: [{ label: 'dog' }, { year: { lt: 2025 } }] }] }, 'ac'],
    [{ or: [{ year: 2019 }, { or: [{ year: 2025 }, { label: 'fox' }] }] }, 'ade'],
    [{ and: [{ or: [{ label: 'cat' }, { label: 'dog' }] }, { or: [{ year: 2019 }, { pet: true }] }] }, 'ab'],
    [{ or: 'x' }, 'e'],
    [{}, 'abcde'],
  ])('%j matches %s', (filter, ids) => {
    const query = { model: { name: 'm', version: '1' }, vector: Float32Array.of(1, 0) };
    expect(
      index
        .search(query, { topK: 10, filter })
        .map(({ id }) => id)
        .join(''),
    ).toBe(ids);
  });
});
