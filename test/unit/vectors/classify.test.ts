import { expect, test } from 'vitest';
import type { Metadata } from '../../../src/contract/vectors.ts';
import { createClassSet } from '../../../src/vectors/classes/class-set.ts';
import { classifyWithNeighbors, classifyWithSet } from '../../../src/vectors/classes/lookup.ts';
import { classifyByNeighbors } from '../../../src/vectors/classes/neighbors.ts';
import { leastSimilarity, prototypeOf, rankPrototypes } from '../../../src/vectors/classes/prototypes.ts';

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
  const predictions = rankPrototypes(classes, Float32Array.of(0, 2));
  expect(predictions.map(({ label, index }) => [label, index])).toEqual([
    ['up', 1],
    ['up too', 2],
    ['right', 0],
  ]);
  const sum = 2 * Math.exp(1 / 0.07) + 1;
  expect(predictions[0]?.score).toBeCloseTo(Math.exp(1 / 0.07) / sum, 12);
  expect(predictions.reduce((total, { score }) => total + score, 0)).toBeCloseTo(1, 12);
});

test('the least similarity of a class is that of the stray example, without itself', () => {
  const along = Float32Array.of(1, 0);
  const askew = Float32Array.of(3, 4);
  expect(leastSimilarity([along])).toBeUndefined();
  expect(leastSimilarity([along, askew])).toBeCloseTo(0.6, 6);
  // Nine of ten are along: the 10 % quantile of eleven is the second lowest.
  const others = Array.from({ length: 10 }, () => along);
  const mean = prototypeOf([...others.slice(1), askew]) as Float32Array;
  expect(leastSimilarity([...others, askew])).toBeCloseTo(mean[0] as number, 6);
  expect(leastSimilarity([along, Float32Array.of(-1, 0)])).toBeCloseTo(-1, 6);
});

test('a class of one’s own does not know what is farther than its examples', () => {
  const examples = [Float32Array.of(1, 0.1, 0), Float32Array.of(1, -0.1, 0), Float32Array.of(1, 0, 0.1)];
  const set = createClassSet(
    's',
    { name: 'm', version: '1', dimensions: 3 },
    [['right', examples]],
    (label) => label,
  );
  const near = classifyWithSet(set, Float32Array.of(1, 0.05, 0.05), { topK: 5 });
  const far = classifyWithSet(set, Float32Array.of(1, 1, 0), { topK: 5 });
  expect(near).toMatchObject({ unknown: false, predictions: [{ label: 'right', index: 0, score: 1 }] });
  expect(far).toMatchObject({ unknown: true, predictions: near.predictions });
  expect(far.similarity).toBeCloseTo(Math.SQRT1_2, 2);
  expect(classifyWithSet(set, Float32Array.of(1, 1, 0), { topK: 5, minScore: 0.5 }).unknown).toBe(false);
});

test('a class of one example is judged by minScore only', () => {
  const model = { name: 'm', version: '1', dimensions: 2 };
  const set = createClassSet('s', model, [['one', [Float32Array.of(1, 0)]]], (label) => label);
  expect(classifyWithSet(set, Float32Array.of(0, 1), { topK: 5 })).not.toHaveProperty('unknown');
  expect(classifyWithSet(set, Float32Array.of(0, 1), { topK: 5, minScore: 0.1 }).unknown).toBe(true);
});

test('neighbors: unknown below the threshold of the gallery, and where no neighbor has a wanted label', () => {
  const manifest = {
    classes: ['dog', 'cat'],
    confidence: {
      temperature: 1,
      unknown: { score: 0, similarity: 0.7, keeps: 1, refuses: 1, aurocScore: 1, aurocNearest: 1 },
    },
  };
  const neighbors = [neighbor(0.9, {}), neighbor(0.65, { label: 'cat' }), neighbor(0.6, { label: 'dog' })];
  const all = { topK: 5 };
  expect(classifyWithNeighbors(neighbors, manifest, 'gallery', all)).toMatchObject({
    unknown: true,
    similarity: 0.65,
  });
  expect(classifyWithNeighbors(neighbors, manifest, 'own', all)).not.toHaveProperty('unknown');
  expect(classifyWithNeighbors(neighbors, manifest, 'own', { ...all, labels: ['dog'] })).toMatchObject({
    similarity: 0.6,
    predictions: [{ label: 'dog' }],
  });
  const none = classifyWithNeighbors(neighbors, manifest, 'gallery', { ...all, labels: ['cow'] });
  expect(none).toEqual({ predictions: [], unknown: true });
});
