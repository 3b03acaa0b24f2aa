import type { Model } from './model.ts';

/**
 * Maps a batch of images to unit vectors in one run.
 * @param images - RGB bytes of the model's size, one array an image.
 * @returns one vector an image, length `manifest.embedding.dimensions`.
 */
export async function embed(model: Model, images: readonly Uint8Array[]): Promise<Float32Array[]> {
  const { dimensions } = model.manifest.embedding;
  const { embedding } = await model.run(images);
  return images.map((_, i) => embedding.slice(i * dimensions, (i + 1) * dimensions));
}
