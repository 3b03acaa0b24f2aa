import { type ImageSource, isBlob } from '../../contract/image-source.ts';
import type { Manifest, Precision } from '../../contract/manifest.ts';
import type { Target } from '../../image/fit/fit.ts';
import { Model } from '../../inference/model.ts';
import type { NetworkOutput, Runtime } from '../../inference/runtime/runtime.ts';
import type { WebRuntime } from '../../inference/runtime/web-runtime.ts';
import { selfTest } from '../../inference/self-test.ts';
import { closeImages, type TakenImage } from './take-image.ts';

/** What a host needs to start its runtime. */
export interface StartRequest {
  module: WebAssembly.Module;
  threads: number;
}

/** What a host needs to run a network. */
export interface LoadRequest {
  manifest: Manifest;
  precision: Precision;
  /** Checked against the manifest's hash. */
  weights: Uint8Array;
}

/** Where a network runs: in a Worker or in the page. One call at a time. */
export interface Host {
  /** Version of its onnxruntime-web. */
  readonly version: string;
  /** Starts the runtime, before the weights are there. */
  start(request: StartRequest): Promise<void>;
  /**
   * Loads the network into the started runtime, and checks its golden output, if the manifest has one for the precision.
   * @throws UnlabelError `model_unavailable`.
   */
  load(request: LoadRequest): Promise<void>;
  /** Milliseconds of one run for one image: the median of a few. */
  time(): Promise<number>;
  /** @throws UnlabelError `invalid_image`, `image_too_large` or `unsupported_media_type`. */
  run(images: TakenImage[]): Promise<NetworkOutput>;
  dispose(): void;
}

/** A timing takes this many runs, or as many as fit into this many milliseconds. */
const timedRuns = 7;
const timedSpan = 300;

/** Makes the pixels of a model's input out of an image; `field` is its name in errors. */
export type FitImage = (image: ImageSource, input: Target, field: string) => Promise<Uint8Array>;

/** Runs networks in the calling thread. */
export function createHost(runtime: WebRuntime, fitImage: FitImage): Host {
  let started: Runtime | undefined;
  let model: Model | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const loaded = () => {
    if (!model) throw new Error('No network is loaded');
    return model;
  };
  return {
    version: runtime.version,
    async start({ module, threads }) {
      started = runtime.start(module, threads);
      await started.start?.();
    },
    async load({ manifest, precision, weights }) {
      if (!started) throw new Error('The runtime has not started');
      model = await Model.create(manifest, precision, weights, started);
      // WebGPU kernels have been seen to answer wrongly without an error.
      if (runtime.device === 'webgpu' || manifest.golden.outputs[precision]) await selfTest(model);
    },
    async time() {
      const image = new Uint8Array(loaded().inputBytes);
      const times: number[] = [];
      // The first run prepares what the others use.
      await loaded().run([image]);
      const start = performance.now();
      do {
        const began = performance.now();
        await loaded().run([image]);
        times.push(performance.now() - began);
      } while (times.length < timedRuns && performance.now() - start < timedSpan);
      return times.sort((a, b) => a - b)[times.length >> 1] as number;
    },
    async run(images) {
      const pixels: Uint8Array[] = [];
      try {
        let next = readAhead(images[0]);
        for (const [i, { field, region }] of images.entries()) {
          const image = (await next) as ImageSource;
          next = readAhead(images[i + 1]);
          pixels.push(await fitImage(image, { ...loaded().manifest.input, region }, field));
        }
      } finally {
        closeImages(images);
      }
      const output = loaded().run(pixels);
      running = output.catch(() => {});
      return output;
    },
    dispose() {
      const last = model;
      model = undefined;
      running.then(() => last?.release());
    },
  };
}

/** Reads a file, which takes another process, while the image before it is decoded. One that cannot be read stays as it is. */
async function readAhead(taken: TakenImage | undefined): Promise<ImageSource | undefined> {
  const image = taken?.image;
  return image && isBlob(image) ? image.arrayBuffer().catch(() => image) : image;
}
