import { z } from 'zod';
import { defaultNeighbors, galleryNamespace, limits } from '../limits.ts';
import type { ClassSetItem, ClassSetList } from '../wire.ts';
import { modelRef, wholeNumber } from './inference.ts';
import type { Same } from './same.ts';
import { name, namespace, text, vectorSource } from './vectors.ts';

/** The wire format of sets of classes, and of classification with them and with neighbors, as in `inference.ts`. */

const classesName = name('classes');
export const classesPath = z.object({ name: classesName });
/** Query of `POST /v1/classify`, beside that of `inference.ts`. */
export const lookupQuery = {
  method: z
    .enum(['network', 'neighbors'], 'method must be network or neighbors')
    .default('network')
    .meta({ description: 'Ask the network, or let the metadata `label` of the nearest vectors vote' }),
  namespace: namespace
    .default(galleryNamespace)
    .meta({ description: "Where the neighbors are. Default: the model's own gallery" }),
  k: wholeNumber('k', 1, limits.matches)
    .default(defaultNeighbors)
    .meta({ description: 'Neighbors that vote' }),
  classes: classesName.optional().meta({ description: 'A set of `/v1/classes` to answer with' }),
};
const label = text('label');
export const classesBody = z.strictObject({
  classes: z
    .record(label, z.array(z.union(vectorSource)).min(1).max(limits.examplesPerSet))
    .refine((classes) => {
      const count = Object.keys(classes).length;
      return count >= 1 && count <= limits.classesPerSet;
    }, `classes must have 1 to ${limits.classesPerSet} labels`)
    .refine(
      (classes) =>
        Object.values(classes).reduce((sum, { length }) => sum + length, 0) <= limits.examplesPerSet,
      `classes must have at most ${limits.examplesPerSet} pictures and vectors in all`,
    )
    .meta({ description: 'Pictures or vectors by label' }),
});
export const classSet = z
  .object({
    name: z.string(),
    model: modelRef,
    classes: z.array(z.object({ label: z.string(), count: z.int() })),
  })
  .meta({ id: 'ClassSet', description: 'Classes that were named by pictures, and how many each' });
export const classSetList = z.object({ sets: z.array(classSet) }).meta({ id: 'ClassSetList' });

const schemasMatch: [
  Same<z.infer<typeof classSet>, ClassSetItem>,
  Same<z.infer<typeof classSetList>, ClassSetList>,
] = [true, true];
void schemasMatch;
