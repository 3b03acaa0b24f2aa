import type { Network } from './model.ts';

/**
 * Maps a batch of images to unit vectors in one run.
 * @returns one vector an image, length `manifest.embedding.dimensions`.
 */
export async function embed<Image>(model: Network<Image>, images: readonly Image[]): Promise<Float32Array[]> {
  const { dimensions } = model.manifest.embedding;
  const { embedding } = await model.run(images);
  return images.map((_, i) => embedding.slice(i * dimensions, (i + 1) * dimensions));
}
