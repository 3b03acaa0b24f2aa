import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { limits } from '../../src/contract/limits.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { embed } from '../../src/inference/embed.ts';
import type { Model } from '../../src/inference/model.ts';

/** The embedding of a labeled image. */
export interface Example {
  label: string;
  vector: Float32Array;
}

/**
 * Embeds a folder that has one folder of images per class.
 * @param most - images per class. Default: all.
 */
export async function embedFolder(model: Model, root: string, most?: number): Promise<Example[]> {
  const examples: Example[] = [];
  const labels = (await readdir(root, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name: label } of labels) {
    const files = (await readdir(join(root, label))).sort().slice(0, most);
    for (let i = 0; i < files.length; i += limits.imagesPerRequest) {
      const batch = files.slice(i, i + limits.imagesPerRequest).map(async (file) => {
        const bytes = new Uint8Array(await readFile(join(root, label, file)));
        return prepareImage(bytes, model.manifest.input, codecs);
      });
      const vectors = await embed(model, await Promise.all(batch));
      examples.push(...vectors.map((vector) => ({ label, vector })));
    }
  }
  return examples;
}

/** Draws some items at random, each once. */
export function draw<Item>(items: readonly Item[], count: number, random: () => number): Item[] {
  const left = [...items];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
}
