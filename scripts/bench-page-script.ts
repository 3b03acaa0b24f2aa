/** The page of `bench-page.ts`. */
import { version } from '../dist/runtime/ort.js';
import { createTrimmedRuntime } from '../src/inference/runtime-trimmed.ts';
import { createLocalEngine, type LocalEngine, type LocalOptions } from '../src/local.ts';

const size = 32;
const pixels = new ImageData(size, size);
for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;

async function milliseconds(work: () => Promise<unknown>, times = 1): Promise<number> {
  const began = performance.now();
  for (let i = 0; i < times; i++) await work();
  return (performance.now() - began) / times;
}

/** From nothing to the first prediction. */
async function first(options: LocalOptions) {
  let engine: LocalEngine | undefined;
  const time = await milliseconds(async () => {
    engine = createLocalEngine(options);
    await engine.classify(pixels);
  });
  const reason = engine?.reason;
  engine?.dispose();
  return { time, reason };
}

/** Waits until all is stored for the next visit. */
async function stored(files: number): Promise<void> {
  while ((await (await caches.open('unlabel')).keys()).length < files)
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Milliseconds of each way to a prediction, round by round, so that a slow moment meets all of them. */
async function steady(options: LocalOptions, rounds: number, repetitions: number) {
  const engine = createLocalEngine({ ...options, device: 'wasm' });
  await engine.ready;
  const inPage = createLocalEngine({ ...options, device: 'wasm', worker: false });
  await inPage.ready;
  const canvas = new OffscreenCanvas(size, size);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  const png = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer());

  const name = engine.manifest?.files.find(({ precision }) => precision === 'int8')?.file;
  const weights = await (await fetch(`${options.baseUrl}/v1/models/${options.model}/${name}`)).arrayBuffer();
  const wasm = await WebAssembly.compileStreaming(fetch(`${options.baseUrl}/runtime/${version}/ort.wasm`));
  const session = await createTrimmedRuntime(wasm, 'another').load(new Uint8Array(weights));
  const image = new Uint8Array(size * size * 3);

  const ways: Record<string, () => Promise<unknown>> = {
    'bare session.run': () => session.run(image, [1, size, size]),
    'classify, ImageData, in a Worker': () => engine.classify(pixels),
    'classify, 32x32 PNG, in a Worker': () => engine.classify(png),
    'classify, batch of 8 ImageData, in a Worker, an image': () => engine.classify(Array(8).fill(pixels)),
    'classify, ImageData, in the page': () => inPage.classify(pixels),
  };
  const times = Object.fromEntries(Object.keys(ways).map((way) => [way, [] as number[]]));
  for (let round = -1; round < rounds; round++)
    for (const [way, work] of Object.entries(ways)) {
      const time = await milliseconds(work, repetitions);
      if (round >= 0) times[way]?.push(way.includes('batch of 8') ? time / 8 : time);
    }
  return times;
}

/** Milliseconds of a classification on WebGPU; undefined where there is none. */
async function webgpu(options: LocalOptions, repetitions: number): Promise<number | undefined> {
  const engine = createLocalEngine({ ...options, device: 'webgpu' });
  try {
    await engine.classify(pixels);
  } catch {
    return undefined;
  }
  return milliseconds(() => engine.classify(pixels), repetitions);
}

const benchOfThePage = { first, stored, steady, webgpu };
declare global {
  var bench: typeof benchOfThePage;
}
globalThis.bench = benchOfThePage;
