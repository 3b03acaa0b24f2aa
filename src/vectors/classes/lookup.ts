import { UnlabelError } from '../../contract/errors.ts';
import { galleryNamespace } from '../../contract/limits.ts';
import type { Manifest } from '../../contract/manifest.ts';
import { answerOf, type Choice, checkLabels, isWanted } from '../../contract/rules/known.ts';
import type { Match } from '../../contract/vectors.ts';
import type { ClassifyItem } from '../../contract/wire.ts';
import { checkModel, type VectorModel } from '../vector-model.ts';
import type { ClassSet } from './class-set.ts';
import { classifyByNeighbors } from './neighbors.ts';
import { rankPrototypes } from './prototypes.ts';

/**
 * Checks what a classification with a set asks for, before any image is embedded.
 * @throws UnlabelError `model_mismatch`; `invalid_parameter` for a label that the set does not have.
 */
export function checkLookup(set: ClassSet, model: VectorModel, { labels }: Choice): void {
  checkModel(set.model, model);
  checkLabels(
    labels,
    set.classes.map(({ label }) => label),
  );
}

/** Classifies a vector with a set of classes; by server and page alike. */
export function classifyWithSet({ classes }: ClassSet, vector: Float32Array, choice: Choice): ClassifyItem {
  const ranked = rankPrototypes(classes, vector);
  const best = ranked.find(({ label }) => isWanted(label, choice));
  const predictions = ranked.map(({ label, index, score }) => ({ label, index, score }));
  const answer = answerOf(predictions, best?.similarity, best?.least, choice);
  return best ? { ...answer, similarity: best.similarity } : answer;
}

/**
 * Classifies by the labels of the nearest vectors; by server and page alike.
 *
 * @param neighbors - matches of a search, best first.
 * @throws UnlabelError `invalid_parameter` where none of them has a label.
 */
export function classifyWithNeighbors(
  neighbors: readonly Match[],
  { classes, confidence }: Pick<Manifest, 'classes' | 'confidence'>,
  namespace: string,
  choice: Choice,
): ClassifyItem {
  const predictions = classifyByNeighbors(neighbors, classes, neighbors.length);
  if (predictions.length === 0)
    throw new UnlabelError('invalid_parameter', 'No vector nearby in the namespace has a `label`', {
      field: 'namespace',
    });
  const nearest = neighbors.find(
    ({ metadata: { label } }) => typeof label === 'string' && isWanted(label, choice),
  );
  // The threshold was measured on the images of the model's own gallery.
  const threshold = namespace === galleryNamespace ? confidence?.unknown?.similarity : undefined;
  const answer = answerOf(predictions, nearest?.score, threshold, choice);
  return nearest ? { ...answer, similarity: nearest.score } : answer;
}
