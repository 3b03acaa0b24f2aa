/** Measures lookups on folders of labeled images. See `--help`. */
import { fileURLToPath } from 'node:url';
import { limits } from '../../src/contract/limits.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { classifyByNeighbors } from '../../src/vectors/classes/neighbors.ts';
import { prototypeOf, rankPrototypes } from '../../src/vectors/classes/prototypes.ts';
import { Namespace } from '../../src/vectors/namespace/namespace.ts';
import { fail, parseCommand, readCount } from '../harness/command.ts';
import { seededRandom } from '../harness/inputs/random-vectors.ts';
import { memoryStorage } from '../harness/servers/sqlite.ts';
import { draw, embedFolder } from './embed-folder.ts';

const { values: options } = parseCommand(
  `Usage: npm run evaluate -- search --gallery DIR --images DIR [options]

Stores every gallery image under its label, then classifies the test images by the votes of their nearest neighbors, and by
prototypes of a few gallery pictures per class. Both folders have one folder of images per class. Runs the shipped int8 file.

  --model NAME  (default: cifar10)
  --k N         neighbors that vote (default: 20)
  --shots N     pictures per class for a prototype (default: 5)
  --draws N     random choices of those pictures (default: 5)
  --limit N     images per class, in both folders (default: all)`,
  {
    gallery: { type: 'string' },
    images: { type: 'string' },
    model: { type: 'string', default: 'cifar10' },
    k: { type: 'string', default: '20' },
    shots: { type: 'string', default: '5' },
    draws: { type: 'string', default: '5' },
    limit: { type: 'string' },
  },
);
const { gallery, images } = options;
if (!gallery || !images) fail('--gallery and --images: expected folders with one folder of images per class');
const k = readCount('k', options.k);
const shots = readCount('shots', options.shots);
const draws = readCount('draws', options.draws);

const folder = fileURLToPath(new URL(`../../model/${options.model}/`, import.meta.url));
const model = await Model.load(folderSource(folder), nodeRuntime);

const most = options.limit ? readCount('limit', options.limit) : undefined;
const known = await embedFolder(model, gallery, most);
const tests = await embedFolder(model, images, most);
const accuracy = (classify: (vector: Float32Array) => string | undefined) =>
  (100 * tests.filter(({ label, vector }) => classify(vector) === label).length) / tests.length;

const storage = memoryStorage();
const namespace = new Namespace(storage, () => storage.deleteAll());
for (let i = 0; i < known.length; i += limits.vectorsPerRequest) {
  const some = known.slice(i, i + limits.vectorsPerRequest);
  namespace.upsert(
    model.ref,
    some.map(({ label, vector }, j) => ({ id: `${i + j}`, vector, metadata: { label } })),
  );
}
const { classes } = model.manifest;
const found = new Map<Float32Array, string | undefined>();
for (const { vector } of tests) {
  const { matches } = await namespace.search({ model: model.ref, vector }, { topK: k });
  found.set(vector, classifyByNeighbors(matches, classes, 1)[0]?.label);
}
const byNeighbors = accuracy((vector) => found.get(vector));
console.log(`${known.length} vectors, ${tests.length} test images`);
console.log(`${k} neighbors: ${byNeighbors.toFixed(2)} %`);

const random = seededRandom(1);
const results = Array.from({ length: draws }, () => {
  const prototypes = [...Map.groupBy(known, ({ label }) => label)].map(([label, examples]) => {
    const drawn = draw(examples, shots, random).map(({ vector }) => vector);
    return { label, count: shots, prototype: prototypeOf(drawn) as Float32Array };
  });
  return accuracy((vector) => rankPrototypes(prototypes, vector)[0]?.label);
});
const mean = results.reduce((sum, result) => sum + result, 0) / draws;
const spread = Math.sqrt(results.reduce((sum, result) => sum + (result - mean) ** 2, 0) / (draws - 1));
console.log(
  `${shots} pictures per class, ${draws} draws: ${mean.toFixed(2)} % +- ${spread.toFixed(2)} (standard deviation)`,
);
