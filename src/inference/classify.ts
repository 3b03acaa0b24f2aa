import type { Prediction } from '../contract/engine.ts';
import type { Network } from './model.ts';

/**
 * Predicts the classes of a batch of images in one run.
 * @param topK - predictions an image, at most the number of classes.
 * @returns one list an image, most probable class first; equal scores by index.
 */
export async function classify<Image>(
  model: Network<Image>,
  images: readonly Image[],
  topK: number,
): Promise<Prediction[][]> {
  const { classes } = model.manifest;
  const { probabilities } = await model.run(images);
  return images.map((_, i) => {
    const scores = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
    return classes
      .map((label, index) => ({ label, index, score: scores[index] as number }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, topK);
  });
}
