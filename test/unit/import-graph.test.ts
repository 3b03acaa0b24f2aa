import { expect, test } from 'vitest';
import { findCircles, specifiersOf } from '../helpers/import-graph.ts';

const graph = (edges: Record<string, string[]>) => new Map(Object.entries(edges));

test('a chain and a diamond have no circle', () => {
  expect(findCircles(graph({ a: ['b', 'c'], b: ['d'], c: ['d'], d: ['outside'] }))).toEqual([]);
});

test.each([
  ['two files that import each other', { a: ['b'], b: ['a'] }, [['a', 'b']]],
  ['a circle through a third file', { a: ['b'], b: ['c'], c: ['a'], d: ['a'] }, [['a', 'b', 'c']]],
  ['a file that imports itself', { a: ['a'], b: ['a'] }, [['a']]],
  [
    'two circles that share a file, and one apart',
    { a: ['b', 'c'], b: ['a'], c: ['a', 'x'], x: ['y'], y: ['x'] },
    [
      ['x', 'y'],
      ['a', 'b', 'c'],
    ],
  ],
] satisfies [string, Record<string, string[]>, string[][]][])('finds %s', (_, edges, circles) => {
  expect(findCircles(graph(edges))).toEqual(circles);
});

test('type-only imports, re-exports and dynamic imports are imports', () => {
  const text = `
import type { A } from './a.ts';
import {
  b,
} from './b.ts';
export { c } from './c.ts';
export type * from './d.ts';
import './e.ts';
type F = typeof import('./f.ts');
const g = await import('./g.ts');`;
  expect(specifiersOf(text)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.ts`));
});
