import { expect, test } from 'vitest';
import type { Metadata } from '../../../src/contract/vectors.ts';
import { classifyByNeighbors } from '../../../src/vectors/search/neighbors.ts';
import { classifyByPrototypes, prototypeOf } from '../../../src/vectors/search/prototypes.ts';

const neighbor = (score: number, metadata: Metadata) => ({ id: 'x', score, metadata });

test('near neighbors outvote many far ones, and scores add up to 1', () => {
  const neighbors = [
    neighbor(0.9, { label: 'cat' }),
    ...Array.from({ length: 10 }, () => neighbor(0.6, { label: 'dog' })),
    neighbor(0.95, {}),
    neighbor(0.95, { label: 3 }),
  ];
  const predictions = classifyByNeighbors(neighbors, ['dog', 'cat'], 5);
  const [cat, dog] = [Math.exp(0.9 / 0.07), 10 * Math.exp(0.6 / 0.07)];
  expect(predictions).toEqual([
    { label: 'cat', index: 1, score: expect.closeTo(cat / (cat + dog), 12) },
    { label: 'dog', index: 0, score: expect.closeTo(dog / (cat + dog), 12) },
  ]);
  expect(classifyByNeighbors(neighbors, ['dog', 'cat'], 1)).toHaveLength(1);
});

test('a label that is no class of the model has the index -1, and equal votes go by label', () => {
  const neighbors = [neighbor(0.5, { label: 'zebra' }), neighbor(0.5, { label: 'cat' })];
  expect(classifyByNeighbors(neighbors, ['cat'], 5)).toEqual([
    { label: 'cat', index: 0, score: 0.5 },
    { label: 'zebra', index: -1, score: 0.5 },
  ]);
  expect(classifyByNeighbors([], ['cat'], 5)).toEqual([]);
});

test('a prototype is the mean of the directions, whatever the lengths', () => {
  const prototype = prototypeOf([Float32Array.of(100, 0), Float32Array.of(0, 0.01)]);
  expect(prototype?.[0]).toBeCloseTo(Math.SQRT1_2, 6);
  expect(prototype?.[1]).toBeCloseTo(Math.SQRT1_2, 6);
  expect(prototypeOf([Float32Array.of(1, 2), Float32Array.of(-2, -4)])).toBeUndefined();
});

test('classes are ranked by the softmax of their cosines', () => {
  const classes = [
    { label: 'right', count: 1, prototype: Float32Array.of(1, 0) },
    { label: 'up', count: 1, prototype: Float32Array.of(0, 1) },
    { label: 'up too', count: 1, prototype: Float32Array.of(0, 1) },
  ];
  const predictions = classifyByPrototypes(classes, Float32Array.of(0, 2), 3);
  expect(predictions.map(({ label, index }) => [label, index])).toEqual([
    ['up', 1],
    ['up too', 2],
    ['right', 0],
  ]);
  const sum = 2 * Math.exp(1 / 0.07) + 1;
  expect(predictions[0]?.score).toBeCloseTo(Math.exp(1 / 0.07) / sum, 12);
  expect(predictions.reduce((total, { score }) => total + score, 0)).toBeCloseTo(1, 12);
});
