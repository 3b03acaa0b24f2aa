import { UnlabelError } from '../contract/errors.ts';
import type { ModelRef } from '../contract/model.ts';

/** A model and the length of its vectors. */
export interface VectorModel extends ModelRef {
  dimensions: number;
}

/**
 * Holds a vector's model against the one that is wanted.
 * @throws UnlabelError `model_mismatch`, naming both.
 */
export function checkModel(wanted: VectorModel, given: VectorModel): void {
  const isSame =
    wanted.name === given.name && wanted.version === given.version && wanted.dimensions === given.dimensions;
  if (!isSame)
    throw new UnlabelError(
      'model_mismatch',
      `Here belongs a vector of ${describe(wanted)}, not one of ${describe(given)}`,
      { field: 'model' },
    );
}

function describe({ name, version, dimensions }: VectorModel): string {
  return `${name} ${version} with ${dimensions} dimensions`;
}
