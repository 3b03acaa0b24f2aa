import { answerOf, type Choice, checkLabels, isWanted } from '../contract/rules/known.ts';
import type { ClassifyItem } from '../contract/wire.ts';
import type { Network } from './model.ts';

/**
 * Predicts the classes of a batch of images in one run.
 * @returns one answer an image; its predictions are most probable first, equal scores by index.
 * @throws UnlabelError `invalid_parameter` for a label that is no class of the model.
 */
export async function classify<Image>(
  model: Network<Image>,
  images: readonly Image[],
  choice: Choice,
): Promise<ClassifyItem[]> {
  const { classes, confidence } = model.manifest;
  checkLabels(choice.labels, classes);
  const { probabilities } = await model.run(images);
  return images.map((_, i) => {
    const scores = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
    const ranked = classes
      .map((label, index) => ({ label, index, score: scores[index] as number }))
      .sort((a, b) => b.score - a.score || a.index - b.index);
    const best = ranked.find(({ label }) => isWanted(label, choice));
    return answerOf(ranked, best?.score, confidence?.unknown?.score, choice);
  });
}
