/** Measures how well images of none of the classes are told apart. See `--help`. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { galleryNamespace } from '../../src/contract/limits.ts';
import type { ClassifyItem } from '../../src/contract/wire.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { createClassSet } from '../../src/vectors/classes/class-set.ts';
import { classifyWithNeighbors, classifyWithSet } from '../../src/vectors/classes/lookup.ts';
import { LoadedIndex } from '../../src/vectors/loaded-index.ts';
import { fail, parseCommand, readCount } from '../harness/command.ts';
import { seededRandom } from '../harness/inputs/random-vectors.ts';
import { draw, embedFolder } from './embed-folder.ts';

const { values: options } = parseCommand(
  `Usage: npm run evaluate -- unknown --images DIR [options]

Makes sets of a few pictures of some classes of DIR, which has one folder of images per class, and asks them about the
images of all: those of the other classes are unknown. With --unknown also asks the gallery of the model about both folders.
Prints AUROC (0.5 is chance) and, at the thresholds in use, the part of the known images that is kept and of the unknown ones
that is refused. Runs the shipped int8 file.

  --model NAME   (default: cifar10)
  --known N      classes of a set (default: 3)
  --shots N      pictures per class of a set (default: 5)
  --draws N      random choices of classes and pictures (default: 40)
  --unknown DIR  images of none of the model's classes, in folders
  --limit N      images per class, in both folders (default: all)`,
  {
    images: { type: 'string' },
    model: { type: 'string', default: 'cifar10' },
    known: { type: 'string', default: '3' },
    shots: { type: 'string', default: '5' },
    draws: { type: 'string', default: '40' },
    unknown: { type: 'string' },
    limit: { type: 'string' },
  },
);
if (!options.images) fail('--images: expected a folder with one folder of images per class');
const known = readCount('known', options.known);
const shots = readCount('shots', options.shots);
const draws = readCount('draws', options.draws);
const most = options.limit ? readCount('limit', options.limit) : undefined;
const folder = fileURLToPath(new URL(`../../model/${options.model}/`, import.meta.url));
const model = await Model.load(folderSource(folder), nodeRuntime);
const vectorModel = { ...model.ref, dimensions: model.manifest.embedding.dimensions };
const examples = await embedFolder(model, options.images, most);
const byLabel = Map.groupBy(examples, ({ label }) => label);
if (byLabel.size <= known)
  fail(`--known: expected fewer than the ${byLabel.size} classes of ${options.images}`);
const random = seededRandom(1);

/** AUROC, part of the known that is kept, part of the unknown that is refused; none without a threshold. */
function measure(ofKnown: ClassifyItem[], ofUnknown: ClassifyItem[]): [number, number, number] {
  const similarities = (items: ClassifyItem[]) =>
    items.map(({ similarity = -1 }) => similarity).sort((a, b) => a - b);
  const [high, low] = [similarities(ofKnown), similarities(ofUnknown)];
  let [pairs, below] = [0, 0];
  for (const value of high) {
    while (below < low.length && (low[below] as number) < value) below++;
    pairs += below;
  }
  const share = (items: ClassifyItem[], isUnknown: boolean) =>
    items.filter(({ unknown }) => unknown === isUnknown).length / items.length;
  return [pairs / (high.length * low.length), share(ofKnown, false), share(ofUnknown, true)];
}

function print(name: string, [auroc, kept, refused]: readonly [number, number, number]): void {
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  console.log(`${name}: AUROC ${auroc.toFixed(3)}, keeps ${percent(kept)}, refuses ${percent(refused)}`);
}

const results = Array.from({ length: draws }, () => {
  const chosen = draw([...byLabel.keys()], known, random);
  const drawn = chosen.map((label) => [label, draw(byLabel.get(label) ?? [], shots, random)] as const);
  const set = createClassSet(
    'drawn',
    vectorModel,
    drawn.map(([label, some]) => [label, some.map(({ vector }) => vector)]),
    (label) => label,
  );
  const used = new Set(drawn.flatMap(([, some]) => some));
  const answersOf = (isKnown: boolean) =>
    examples
      .filter((example) => chosen.includes(example.label) === isKnown && !used.has(example))
      .map(({ vector }) => classifyWithSet(set, vector, { topK: 1 }));
  return measure(answersOf(true), answersOf(false));
});
const mean = (place: 0 | 1 | 2) => results.reduce((sum, result) => sum + result[place], 0) / draws;
print(`${known} classes of ${shots} pictures, ${draws} draws`, [mean(0), mean(1), mean(2)]);

const { gallery } = model.manifest;
if (options.unknown && gallery) {
  const index = new LoadedIndex(new Uint8Array(await readFile(`${folder}${gallery.file}`)));
  const strangers = await embedFolder(model, options.unknown, most);
  const answersOf = (some: readonly { vector: Float32Array }[]) =>
    some.map(({ vector }) => {
      const [matches = []] = index.searchAll(model.ref, [vector], { topK: 20 });
      return classifyWithNeighbors(matches, model.manifest, galleryNamespace, { topK: 1 });
    });
  print('gallery', measure(answersOf(examples), answersOf(strangers)));
}
