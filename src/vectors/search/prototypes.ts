import type { Prediction } from '../../contract/engine.ts';
import { cosine, norm } from './nearest.ts';

/**
 * Divides cosines before the softmax over the classes of a set. Ours: the cosines of a picture with two prototypes
 * differ by some tenths, and with this a tenth more makes a class 4 times as probable.
 */
export const prototypeTemperature = 0.07;

/** A class that was named by pictures. */
export interface ClassPrototype {
  label: string;
  /** Pictures that it was made of. */
  count: number;
  /** Mean of their unit vectors, of unit length. */
  prototype: Float32Array;
}

/**
 * The prototype of some vectors; undefined where they cancel each other out.
 * @param vectors - at least one, none all zeros.
 */
export function prototypeOf(vectors: readonly Float32Array[]): Float32Array | undefined {
  const sum = new Float64Array(vectors[0]?.length ?? 0);
  for (const vector of vectors) {
    const length = norm(vector);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (vector[i] as number) / length;
  }
  const length = norm(sum);
  return length > 1e-6 ? Float32Array.from(sum, (value) => value / length) : undefined;
}

/** Ranks the classes of a set for a vector: softmax of cosine / {@link prototypeTemperature}; equal scores by index. */
export function classifyByPrototypes(
  classes: readonly ClassPrototype[],
  vector: Float32Array,
  topK: number,
): Prediction[] {
  const weights = classes.map(({ prototype }) => Math.exp(cosine(prototype, vector) / prototypeTemperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return classes
    .map(({ label }, index) => ({ label, index, score: (weights[index] as number) / total }))
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, topK);
}
