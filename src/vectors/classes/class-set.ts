import { UnlabelError } from '../../contract/errors.ts';
import { limits } from '../../contract/limits.ts';
import type { ClassSetItem } from '../../contract/wire.ts';
import type { VectorModel } from '../vector-model.ts';
import { type ClassPrototype, leastSimilarity, prototypeOf } from './prototypes.ts';

/** Classes that a person named by pictures. */
export interface ClassSet {
  name: string;
  model: VectorModel;
  classes: ClassPrototype[];
}

/** A set without its prototypes. */
export interface ClassSetSummary {
  name: string;
  model: VectorModel;
  classes: { label: string; count: number }[];
}

/**
 * Makes a set of examples.
 *
 * @param examples - vectors by label, at least one each, none all zeros.
 * @param nameOf - of a class in an error.
 * @throws UnlabelError `invalid_parameter` where the vectors of a class cancel each other out.
 */
export function createClassSet(
  name: string,
  model: VectorModel,
  examples: readonly (readonly [label: string, vectors: readonly Float32Array[]])[],
  nameOf: (label: string) => string,
): ClassSet {
  const classes = examples.map(([label, vectors]) => {
    const prototype = prototypeOf(vectors);
    if (!prototype)
      throw new UnlabelError('invalid_parameter', 'The vectors of a class must not cancel each other out', {
        field: nameOf(label),
      });
    const least = leastSimilarity(vectors);
    return { label, count: vectors.length, prototype, ...(least !== undefined && { least }) };
  });
  return { name, model, classes };
}

/**
 * @param others - sets beside this one, and classes of all of them.
 * @param count - classes of this one.
 * @throws UnlabelError `quota_exceeded`.
 */
export function checkSetRoom(others: { sets: number; classes: number }, count: number): void {
  const isFull = others.sets >= limits.classSets;
  if (isFull || others.classes + count > limits.classesInAll)
    throw new UnlabelError(
      'quota_exceeded',
      isFull
        ? `There are at most ${limits.classSets} sets of classes: delete one`
        : `There are at most ${limits.classesInAll} classes in all sets: delete one`,
      { field: 'name' },
    );
}

/** What reading a set throws that there is not. */
export function classesNotFound(): UnlabelError {
  return new UnlabelError('classes_not_found', 'There is no set of classes of that name', {
    field: 'classes',
  });
}

/** A set as a caller sees it. */
export function toItem({ name, model, classes }: ClassSetSummary): ClassSetItem {
  return {
    name,
    model: { name: model.name, version: model.version },
    classes: classes.map(({ label, count }) => ({ label, count })),
  };
}
