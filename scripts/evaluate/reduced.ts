/** Measures what reading large JPEGs by their DC coefficients changes in the answers. See `--help`. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { fitPixels } from '../../src/image/fit/fit.ts';
import { finish } from '../../src/image/fit/steps.ts';
import { readHeader } from '../../src/image/header.ts';
import type { Rgba } from '../../src/image/pixels.ts';
import { fitReduced } from '../../src/image/reduce.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { fail, parseCommand, readCount } from '../harness/command.ts';
import { encode } from '../harness/inputs/draw-photo.ts';
import { exactCosine, seededRandom } from '../harness/inputs/random-vectors.ts';
import { quantile } from '../harness/quantile.ts';

const { values: options } = parseCommand(
  `Usage: npm run evaluate -- reduced --images DIR [options]

Makes photos of 2 megapixels and more out of the images below DIR: enlarged, with grain, as JPEGs of many qualities. Reads each
by its DC coefficients and as a whole, and counts how often the two have the same most probable class.

  --model NAME  (default: cifar10)
  --limit N     photos (default: 500)`,
  {
    images: { type: 'string' },
    model: { type: 'string', default: 'cifar10' },
    limit: { type: 'string', default: '500' },
  },
);
if (!options.images) fail('--images: expected a folder with images, at any depth');

const folder = fileURLToPath(new URL(`../../model/${options.model}/`, import.meta.url));
const model = await Model.load(folderSource(folder), nodeRuntime);
const { input } = model.manifest;
const paths = (await readdir(options.images, { recursive: true }))
  .filter((path) => /\.(jpe?g)$/i.test(path))
  .sort();
const count = Math.min(readCount('limit', options.limit), paths.length);
const random = seededRandom(2);
const between = (least: number, most: number) => least + Math.floor((most - least + 1) * random());

/** Enlarges a picture, linear between its pixels, and adds grain. */
function enlarged(small: Rgba, width: number, height: number) {
  const data = new Uint8ClampedArray(width * height * 4).fill(255);
  const strength = between(2, 24);
  for (let y = 0; y < height; y++) {
    const v = Math.min(Math.max(((y + 0.5) * small.height) / height - 0.5, 0), small.height - 1.001);
    for (let x = 0; x < width; x++) {
      const u = Math.min(Math.max(((x + 0.5) * small.width) / width - 0.5, 0), small.width - 1.001);
      const [left, top] = [Math.floor(u), Math.floor(v)];
      const grain = (random() + random() - 1) * strength;
      const corner = (top * small.width + left) * 4;
      for (let channel = 0; channel < 3; channel++) {
        const at = (offset: number) => small.data[corner + offset + channel] as number;
        const upper = at(0) + (at(4) - at(0)) * (u - left);
        const lower = at(small.width * 4) + (at(small.width * 4 + 4) - at(small.width * 4)) * (u - left);
        data[(y * width + x) * 4 + channel] = upper + (lower - upper) * (v - top) + grain;
      }
    }
  }
  return { width, height, data };
}

async function answer(pixels: Uint8Array) {
  const { probabilities, embedding } = await model.run([pixels]);
  return { best: probabilities.indexOf(Math.max(...probabilities)), embedding: embedding.slice() };
}

let agreeing = 0;
const cosines: number[] = [];
const differences: number[] = [];
for (let i = 0; i < count; i++) {
  // Spread over all of them.
  const path = paths[Math.floor((i * paths.length) / count)] as string;
  const small = await codecs.jpeg(new Uint8Array(await readFile(join(options.images, path))));
  const width = between(1250, 2000);
  const photo = await encode(enlarged(small, width, Math.ceil(between(2_000_000, 2_600_000) / width)), {
    quality: between(60, 95),
    progressive: random() < 0.3,
    auto_subsample: false,
    chroma_subsample: random() < 0.8 ? 2 : 1,
  });
  const reduced = finish(fitReduced(photo, readHeader(photo), input));
  if (!reduced) fail(`${path}: was not read by its DC coefficients`);
  const whole = fitPixels(await codecs.jpeg(photo), input);
  const [a, b] = [await answer(reduced), await answer(whole)];
  if (a.best === b.best) agreeing++;
  cosines.push(exactCosine(a.embedding, b.embedding));
  differences.push(
    reduced.reduce((sum, value, at) => sum + Math.abs(value - (whole[at] as number)), 0) / whole.length,
  );
}
console.log(`${options.model}: ${count} photos of 2.0 to 2.6 megapixels`);
console.log(`top-1 agreement ${((100 * agreeing) / count).toFixed(2)} %`);
console.log(
  `cosine of the embeddings: median ${quantile(cosines).toFixed(5)}, 1 % below ${quantile(cosines, 0.01).toFixed(5)}`,
);
console.log(
  `gray levels apart, in the mean: median ${quantile(differences).toFixed(3)}, at most ${Math.max(...differences).toFixed(3)}`,
);
