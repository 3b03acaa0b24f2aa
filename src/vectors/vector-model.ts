import { UnlabelError } from '../contract/errors.ts';
import type { ModelRef } from '../contract/model.ts';

/** A model and the length of its vectors. */
export interface VectorModel extends ModelRef {
  dimensions: number;
}

/** Whether a vector has a cosine with others: finite numbers, not all zero. */
export function isDirection(vector: Float32Array): boolean {
  return vector.every((value) => Number.isFinite(value)) && vector.some((value) => value !== 0);
}

/**
 * Compares a vector's model with the expected one.
 * @throws UnlabelError `model_mismatch`, naming both.
 */
export function checkModel(expected: VectorModel, given: VectorModel): void {
  const isSame =
    expected.name === given.name &&
    expected.version === given.version &&
    expected.dimensions === given.dimensions;
  if (!isSame)
    throw new UnlabelError(
      'model_mismatch',
      `Expected a vector of ${describe(expected)}, got one of ${describe(given)}`,
      { field: 'model' },
    );
}

function describe({ name, version, dimensions }: VectorModel): string {
  return `${name} ${version} with ${dimensions} dimensions`;
}
