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

declare global {
  var photos: Blob[];
  var manyPhotos: { open: typeof open; classify: typeof classify };
}
globalThis.manyPhotos = { open, classify };
