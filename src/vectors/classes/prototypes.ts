import type { Prediction } from '../../contract/engine.ts';
import { cosine, norm } from '../search/nearest.ts';
import { exp } from './exp.ts';

/**
 * Divides cosines before the softmax over the classes of a set. Ours: the cosines of a picture with two prototypes
 * differ by some tenths, and with this a tenth more makes a class 4 times as probable.
 */
export const prototypeTemperature = 0.07;

/**
 * Part of a class's examples that are less similar to the others than the threshold below which a picture is of none
 * of the classes. Ours: with 5 pictures a class, cifar10 then keeps 85 %; see `npm run evaluate -- unknown`.
 */
const strayExamples = 0.1;

/** Below this length a sum of unit vectors has no direction. */
const shortest = 1e-6;

/** A class that was named by pictures. */
export interface ClassPrototype {
  label: string;
  /** Pictures that it was made of. */
  count: number;
  /** Mean of their unit vectors, of unit length. */
  prototype: Float32Array;
  /** Least cosine with the prototype of a picture of the class, see {@link leastSimilarity}; absent for one picture. */
  least?: number;
}

/** A class and its cosine with a picture. */
export interface RankedPrototype extends Prediction {
  similarity: number;
  least: number | undefined;
}

/**
 * The prototype of some vectors; undefined where they cancel each other out.
 * @param vectors - at least one, none all zeros.
 */
export function prototypeOf(vectors: readonly Float32Array[]): Float32Array | undefined {
  return directionOf(sumOf(vectors));
}

/**
 * The cosine with its prototype that a picture of the class can be expected to have: a low quantile of what each
 * example has with the prototype of the others (leave one out). Undefined for a single example, which has no others.
 */
export function leastSimilarity(vectors: readonly Float32Array[]): number | undefined {
  if (vectors.length < 2) return undefined;
  const sum = sumOf(vectors);
  const cosines = vectors.map((vector) => {
    const length = norm(vector);
    const others = directionOf(sum.map((value, i) => value - (vector[i] as number) / length));
    return others ? cosine(others, vector) : -1;
  });
  const sorted = Float64Array.from(cosines).sort();
  const place = strayExamples * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)] as number, sorted[Math.ceil(place)] as number];
  return below + (place % 1) * (above - below);
}

/** Ranks the classes of a set for a vector: softmax of cosine / {@link prototypeTemperature}; equal scores by index. */
export function rankPrototypes(classes: readonly ClassPrototype[], vector: Float32Array): RankedPrototype[] {
  const cosines = classes.map(({ prototype }) => cosine(prototype, vector));
  const weights = cosines.map((similarity) => exp(similarity / prototypeTemperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return classes
    .map(({ label, least }, index) => ({
      label,
      index,
      score: (weights[index] as number) / total,
      similarity: cosines[index] as number,
      least,
    }))
    .sort((a, b) => b.score - a.score || a.index - b.index);
}

/** Sum of some vectors as unit vectors; empty for none. */
export function sumOf(vectors: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    const length = norm(vector);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (vector[i] as number) / length;
  }
  return sum;
}

/** The unit vector of this direction; undefined where there is none. */
export function directionOf(sum: Float64Array): Float32Array | undefined {
  const length = norm(sum);
  return length > shortest ? Float32Array.from(sum, (value) => value / length) : undefined;
}
