import { expectTypeOf } from 'vitest';
import { createClient, type ModelLabels } from '../../src/index.ts';
import {
  type AutomaticEngine,
  type Classification,
  createEngine,
  createLocalEngine,
  type Engine,
  type ImageSource,
  type Manifest,
} from '../../src/local.ts';
import { useClassifier } from '../../src/react.ts';

declare const image: Blob;

const known = createLocalEngine({ model: 'cifar10' });
const unknown = createLocalEngine({ model: 'https://example.com/pets/manifest.json' });

// Labels are a union for a known model, else a string.
expectTypeOf((await known.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<ModelLabels['cifar10']>();
expectTypeOf((await unknown.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();
const byAddress = createLocalEngine({ model: new URL('https://example.com') });
expectTypeOf((await byAddress.classify(image)).predictions)
  .items.toHaveProperty('label')
  .toEqualTypeOf<string>();

// One in, one out; an array in, an array out.
expectTypeOf(await known.classify([image])).toEqualTypeOf<Classification<'cifar10'>[]>();
expectTypeOf((await known.embed(image)).embedding).toEqualTypeOf<Float32Array>();

// What it is can be told once it is ready.
expectTypeOf(known.ready).toEqualTypeOf<Promise<void>>();
expectTypeOf(known.device).toEqualTypeOf<'wasm' | 'webgpu' | undefined>();
expectTypeOf(known.manifest).toEqualTypeOf<Manifest | undefined>();
expectTypeOf(known).toExtend<Engine<ImageSource, 'cifar10'>>();

// Client, page and both together are one interface.
const hosted = createClient({ url: '/', model: 'cifar10' });
const automatic = createEngine({ hosted, local: known });
expectTypeOf(automatic).toEqualTypeOf<AutomaticEngine<'cifar10'>>();
expectTypeOf((await automatic.classify(image)).source).toEqualTypeOf<'hosted' | 'local'>();
// @ts-expect-error two models give two kinds of answers
createEngine({ hosted, local: createLocalEngine({ model: 'pets' }) });
// @ts-expect-error a page runs nothing without a model
createLocalEngine({});
// @ts-expect-error no such device
createLocalEngine({ model: 'cifar10', device: 'npu' });

// Progress is that of a list.
await known.classify([image], { onProgress: ({ done, total }) => done / total });
await known.embed([image], { settled: true, onProgress: ({ done }) => done });
// @ts-expect-error a single image has none
await known.embed(image, { onProgress: () => {} });

// Workers are counted.
createLocalEngine({ model: 'cifar10', workers: 2 });
createLocalEngine({ model: 'cifar10', workers: 'auto' });
// @ts-expect-error neither a number nor 'auto'
createLocalEngine({ model: 'cifar10', workers: 'all' });

// The hook gives what its model gives.
export async function Component() {
  const { classify, status } = useClassifier({ model: 'cifar10', hosted });
  expectTypeOf(await classify(image)).toEqualTypeOf<Classification<'cifar10'>>();
  expectTypeOf(await classify([image])).toEqualTypeOf<Classification<'cifar10'>[]>();
  expectTypeOf(status).toEqualTypeOf<'loading' | 'ready' | 'error'>();
  // @ts-expect-error two models give two kinds of answers
  useClassifier({ model: 'pets', hosted });
}
