/** Measures a model's classes on folders of labeled images. See `--help`. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits } from '../../src/contract/limits.ts';
import type { Precision } from '../../src/contract/manifest.ts';
import { codecs } from '../../src/image/codecs/codecs-node.ts';
import { prepareImage } from '../../src/image/prepare.ts';
import { createClient } from '../../src/index.ts';
import { parseManifest } from '../../src/inference/manifest.ts';
import { Model } from '../../src/inference/model.ts';
import { nodeRuntime } from '../../src/inference/runtime/runtime-node.ts';
import { folderSource } from '../../src/inference/source-node.ts';
import { fail, parseCommand, readCount } from '../harness/command.ts';

const { values: options } = parseCommand(
  `Usage: npm run evaluate -- --images DIR [options]

Classifies the images of DIR, which has one folder per class, named by the class or by its id. Prints accuracy, accuracy by
class, the confusion matrix, and images per second.

  --model NAME      (default: cifar10)
  --url URL         asks a deployment; without it, runs the file of model/NAME in this process
  --key KEY         of the deployment
  --precision NAME  of the file: int8, fp32 (default: int8)
  --limit N         images, spread over the classes (default: all)
  --reference FILE  PyTorch's predictions, which export writes, to count agreements
  --outputs FILE    writes every probability and embedding, for npm run model -- score and gallery`,
  {
    images: { type: 'string' },
    model: { type: 'string', default: 'cifar10' },
    url: { type: 'string' },
    key: { type: 'string' },
    precision: { type: 'string', default: 'int8' },
    limit: { type: 'string' },
    reference: { type: 'string' },
    outputs: { type: 'string' },
  },
);
if (!options.images) fail('--images: expected a folder with one folder of images per class');
if (options.outputs && options.url)
  fail('--outputs: expected no --url, since a deployment sends no embeddings');
const root = options.images;
const folder = fileURLToPath(new URL(`../../model/${options.model}/`, import.meta.url));

interface Example {
  path: string;
  label: string;
}

async function examplesOf(directory: string): Promise<Example[]> {
  const labels = (await readdir(directory, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const byClass = await Promise.all(
    labels.map(async ({ name }) =>
      (await readdir(join(directory, name))).sort().map((file) => ({ path: `${name}/${file}`, label: name })),
    ),
  );
  // One of each class in turn, so that the first N are of all classes.
  const longest = Math.max(0, ...byClass.map((files) => files.length));
  return Array.from({ length: longest }, (_, i) => byClass.flatMap((files) => files[i] ?? [])).flat();
}

/** Probabilities and embedding of each image, for `--outputs`. */
const rows: Float32Array[] = [];

/** Gives the most probable class of each encoded image. */
type Predict = (files: Uint8Array<ArrayBuffer>[]) => Promise<string[]>;

async function shipped(): Promise<Predict> {
  const model = await Model.load(folderSource(folder), nodeRuntime, options.precision as Precision);
  return async (files) => {
    const images = await Promise.all(files.map((file) => prepareImage(file, model.manifest.input, codecs)));
    const { probabilities, embedding } = await model.run(images);
    const { classes, embedding: shape } = model.manifest;
    return images.map((_, i) => {
      const scores = probabilities.subarray(i * classes.length, (i + 1) * classes.length);
      rows.push(scores, embedding.subarray(i * shape.dimensions, (i + 1) * shape.dimensions));
      return classes[scores.indexOf(Math.max(...scores))] as string;
    });
  };
}

function clientOf(url: string) {
  return createClient({ url, model: options.model as string, ...(options.key && { apiKey: options.key }) });
}

function hosted(url: string): Predict {
  const client = clientOf(url);
  return async (files) =>
    (await client.classify(files, { topK: 1 })).map(({ predictions: [best] }) => best?.label ?? '');
}

const manifest = options.url
  ? await clientOf(options.url).models.get(options.model)
  : parseManifest(await readFile(join(folder, 'manifest.json'), 'utf8'));
/** The class of a folder, which may have the class's id as its name. */
const nameOf = (label: string) => manifest.classes[manifest.classIds?.indexOf(label) ?? -1] ?? label;
const examples = (await examplesOf(root))
  .slice(0, options.limit ? readCount('limit', options.limit) : undefined)
  .map(({ path, label }) => ({ path, label: nameOf(label) }));
if (examples.length === 0) fail(`--images: found no class folders with images in ${root}`);
const predict = options.url ? hosted(options.url) : await shipped();
const predictions: string[] = [];
let seconds = 0;
for (let i = 0; i < examples.length; i += limits.imagesPerRequest) {
  const batch = examples.slice(i, i + limits.imagesPerRequest);
  const files = await Promise.all(
    batch.map(async ({ path }) => new Uint8Array(await readFile(join(root, path)))),
  );
  const began = performance.now();
  predictions.push(...(await predict(files)));
  seconds += (performance.now() - began) / 1000;
}

const classes = [...new Set([...examples.map(({ label }) => label), ...predictions])].sort();
const confusion = classes.map(() => classes.map(() => 0));
for (const [i, { label }] of examples.entries()) {
  const row = confusion[classes.indexOf(label)] as number[];
  const column = classes.indexOf(predictions[i] as string);
  row[column] = (row[column] as number) + 1;
}
const hits = (row: number[], i: number) => row[i] as number;
const total = (row: number[]) => row.reduce((sum, count) => sum + count, 0);
const accuracy = total(confusion.map(hits)) / examples.length;
const reference: Record<string, string> | undefined =
  options.reference && JSON.parse(await readFile(options.reference, 'utf8'));
const agreement =
  reference && examples.filter(({ path }, i) => reference[path] === predictions[i]).length / examples.length;
const referenceAccuracy =
  reference && examples.filter(({ path, label }) => reference[path] === label).length / examples.length;

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;
const width = Math.max(...classes.map((name) => name.length)) + 2;
console.log(`${options.url ?? `${options.model}.${options.precision} in onnxruntime-web`}`);
console.log(
  `ACC ${percent(accuracy)} of ${examples.length} images, ${(examples.length / seconds).toFixed(1)} images/s`,
);
if (agreement !== undefined && referenceAccuracy !== undefined)
  console.log(`PyTorch ACC ${percent(referenceAccuracy)}, top-1 agreement ${percent(agreement)}`);
// A wider matrix is unreadable.
const columns = classes.length <= 30 ? classes : [];
console.log(
  `\n${''.padEnd(width)}${'ACC'.padStart(8)}${columns.map((name) => name.slice(0, 6).padStart(7)).join('')}`,
);
for (const [i, row] of confusion.entries()) {
  const share = total(row) ? percent(hits(row, i) / total(row)) : '';
  console.log(
    `${(classes[i] ?? '').padEnd(width)}${share.padStart(8)}${columns.map((_, j) => String(row[j]).padStart(7)).join('')}`,
  );
}

if (options.outputs) {
  const header = {
    model: options.model,
    precision: options.precision,
    paths: examples.map(({ path }) => path),
  };
  await writeFile(options.outputs, [
    `${JSON.stringify(header)}\n`,
    ...rows.map((row) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength)),
  ]);
}
