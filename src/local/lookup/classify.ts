import type { Classification } from '../../contract/engine.ts';
import { UnlabelError } from '../../contract/errors.ts';
import type { ImageSource } from '../../contract/image-source.ts';
import { defaultNeighbors, galleryNamespace, limits } from '../../contract/limits.ts';
import type { Manifest } from '../../contract/manifest.ts';
import type { Choice } from '../../contract/rules/known.ts';
import { checkName } from '../../contract/rules/names.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import { abortable } from '../../util/abortable.ts';
import { classesNotFound } from '../../vectors/classes/class-set.ts';
import { checkLookup, classifyWithNeighbors, classifyWithSet } from '../../vectors/classes/lookup.ts';
import type { OwnData } from '../data/own.ts';
import { type EngineParts, vectorModelOf } from '../data/sources.ts';
import type { InferOptions } from '../network.ts';
import type { IndexOf } from './search.ts';

/** `ClassifyLookup`, as it comes from a caller. */
export interface LookupOptions extends InferOptions {
  classes?: string | undefined;
  method?: string | undefined;
  namespace?: string | undefined;
  k?: number | undefined;
}

/** Classifications with a set of the page's own classes, or by the labels of neighbors. */
export function createClassify<Model extends string>(
  { embed, open }: EngineParts<Model>,
  own: OwnData,
  indexOf: IndexOf,
) {
  type Answer = (manifest: Manifest) => (vector: Float32Array) => ClassifyItem;

  async function withClasses(name: string, choice: Choice, signal?: AbortSignal): Promise<Answer> {
    checkName(name, 'classes');
    const set = await abortable(own.set(name), signal);
    if (!set) throw classesNotFound();
    return (manifest) => {
      checkLookup(set, vectorModelOf(manifest), choice);
      return (vector) => classifyWithSet(set, vector, choice);
    };
  }

  async function withNeighbors(
    { namespace = galleryNamespace, k = defaultNeighbors, signal }: LookupOptions,
    choice: Choice,
  ): Promise<Answer> {
    checkName(namespace, 'namespace');
    if (!Number.isInteger(k) || k < 1 || k > limits.matches)
      throw new UnlabelError('invalid_parameter', `k must be a whole number from 1 to ${limits.matches}`, {
        field: 'k',
      });
    const index = await indexOf(namespace, signal);
    return (manifest) => (vector) => {
      const neighbors = index?.searchAll(manifest, [vector], { topK: k })[0] ?? [];
      return classifyWithNeighbors(neighbors, manifest, namespace, choice);
    };
  }

  /** @param nameOf - name of an image in an error. */
  return async (
    images: readonly ImageSource[],
    options: LookupOptions,
    choice: Choice,
    nameOf: (index: number) => string,
  ): Promise<Classification<Model, string>[]> => {
    const { classes, signal, region, onAnswers } = options;
    if (classes !== undefined && options.method === 'neighbors')
      throw new UnlabelError('invalid_parameter', 'classes and method=neighbors exclude each other', {
        field: 'classes',
      });
    const answer =
      classes === undefined
        ? await withNeighbors(options, choice)
        : await withClasses(classes, choice, signal);
    const { manifest } = await abortable(open(), signal);
    const answerOf = answer(manifest);
    const embedded = await embed(images, { signal, region, onAnswers }, nameOf);
    return embedded.map(({ model, embedding, source, device }) => ({
      model,
      ...answerOf(embedding),
      source,
      device,
    }));
  };
}
