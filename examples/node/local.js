/**
 * Classifies pictures in this process, of Node, Bun or Deno. The endpoint serves the model, which is then kept:
 *
 *     UNLABEL_URL=http://localhost:8787 node local.js photo.jpg other.png
 */
import { readFile } from 'node:fs/promises';
import { createLocalEngine } from 'unlabel/node';

const engine = createLocalEngine({
  model: 'cifar10',
  baseUrl: process.env.UNLABEL_URL ?? 'http://localhost:8787',
});

for (const path of process.argv.slice(2)) {
  const {
    predictions: [best],
  } = await engine.classify(await readFile(path), { topK: 1 });
  console.log(`${path}: ${best.label}, ${(100 * best.score).toFixed(1)} %`);
}
