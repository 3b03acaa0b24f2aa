/** Classifies many photos in the page. */
import { createLocalEngine, type LocalEngine } from '../../../src/local.ts';

let engine: LocalEngine;

const take = (count: number) =>
  Array.from({ length: count }, (_, i) => globalThis.photos[i % photos.length] as Blob);

/** Makes another engine, which answers once. */
async function open(baseUrl: string, workers: number): Promise<void> {
  engine?.dispose();
  engine = createLocalEngine({ model: 'cifar10', baseUrl, device: 'wasm', workers });
  await engine.classify(take(1));
}

/** Milliseconds of so many photos in one call; Workers that are still missing start meanwhile. */
async function classify(count: number): Promise<number> {
  const files = take(count);
  const began = performance.now();
  await engine.classify(files);
  return performance.now() - began;
}

/** Milliseconds of the same arithmetic in each of some Workers at once: what the machine's cores are worth together. */
async function count(workers: number): Promise<number> {
  const code = 'let x = 1; for (let i = 0; i < 2e8; i++) x = (x * 5 + i) | 0; postMessage(x);';
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const began = performance.now();
  const each = Array.from({ length: workers }, async () => {
    const worker = new Worker(url);
    await new Promise((resolve) => worker.addEventListener('message', resolve));
    worker.terminate();
  });
  await Promise.all(each);
  URL.revokeObjectURL(url);
  return performance.now() - began;
}

declare global {
  var photos: Blob[];
  var manyPhotos: { open: typeof open; classify: typeof classify; count: typeof count };
}
globalThis.manyPhotos = { open, classify, count };
