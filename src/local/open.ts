import { UnlabelError } from '../contract/errors.ts';
import type { Manifest, Precision } from '../contract/manifest.ts';
import type { Device } from '../contract/model.ts';
import { fileOf } from '../inference/manifest.ts';
import { abortable } from '../util/abortable.ts';
import { timeout } from '../util/timeout.ts';
import type { Deployment } from './files/deployment.ts';
import type { Host } from './host/host.ts';
import type { Thread } from './host/start.ts';
import { pageLimits } from './limits.ts';
import { createLoader, type Loaded, type Loader } from './loader.ts';
import type { EngineOptions } from './options.ts';
import { recallTimings, rememberTimings } from './timings.ts';

/** A model that is ready to run. */
export interface OpenModel {
  manifest: Manifest;
  device: Device;
  host: Host;
  /** Starts a further host; undefined where there can be one only. */
  another: Loaded['another'];
  thread: Thread;
  /** Why this device and thread: a sentence. */
  reason: string;
  /** Why no Worker could start: a clause. */
  obstacle: string | undefined;
}

/** The network on the chosen device. */
interface Choice extends Loaded {
  /** Why this device: a clause. */
  because: string;
}

/**
 * Loads the model on the device that the options ask for, or on the faster one of this machine.
 *
 * @param fastEnough - milliseconds of a run on WASM below which WebGPU is not tried: no person would notice the gain.
 * @throws UnlabelError as `LocalEngine.ready` does; the reason of the signal.
 */
export async function openModel(
  deployment: Deployment,
  options: EngineOptions,
  signal: AbortSignal,
  fastEnough = 5,
): Promise<OpenModel> {
  const loader = createLoader(deployment, options, signal);
  const choose = choosers[options.device ?? 'auto'];
  let chosen: Host | undefined;
  try {
    const choice = await abortable(choose(loader, deployment.manifestUrl, signal, fastEnough), signal);
    const { device, host, another, thread, threads, obstacle, because } = choice;
    chosen = host;
    const name = device === 'webgpu' ? 'WebGPU' : threads > 1 ? `WASM on ${threads} threads` : 'WASM';
    const where = obstacle ? `; in the page, because no Worker could start: ${obstacle}` : '';
    const reason = `${name}: ${because}${where}`;
    return { manifest: await loader.manifest, device, host, another, thread, reason, obstacle };
  } catch (cause) {
    if (signal.aborted || cause instanceof UnlabelError) throw cause;
    const message = `The model ${deployment.manifestUrl} cannot be loaded: ${(cause as Error).message}`;
    throw new UnlabelError('model_unavailable', message, { cause });
  } finally {
    loader.close(chosen);
  }
}

type Chooser = (loader: Loader, manifestUrl: URL, signal: AbortSignal, fastEnough: number) => Promise<Choice>;

const choosers: Record<Device | 'auto', Chooser> = {
  async wasm(loader) {
    return { ...(await loadEarly(loader)), because: 'it was asked for' };
  },

  async webgpu(loader) {
    const found = await findWebGpu(await loader.manifest, loader);
    if ('obstacle' in found)
      throw new UnlabelError('model_unavailable', `WebGPU was asked for, but ${found.obstacle}`);
    return { ...(await loader.load('webgpu', found.precision)), because: 'it was asked for' };
  },

  async auto(loader, manifestUrl, signal, fastEnough) {
    const known = recallTimings(manifestUrl);
    // Waits neither for the manifest nor for a GPU, unless the other runtime is expected.
    const early = !known || known.wasm <= known.webgpu ? loadEarly(loader) : undefined;
    const onWasm = async (because: string) => ({ ...(await (early ?? loadWasm(loader))), because });
    const manifest = await loader.manifest;
    const versions = { model: manifest.version, runtime: (await loader.start('wasm')).version };
    const timings = known?.model === versions.model && known.runtime === versions.runtime ? known : undefined;
    const failed = (error: unknown) => {
      signal.throwIfAborted();
      return `WebGPU failed (${error instanceof Error ? error.message : error})`;
    };

    const found = await findWebGpu(manifest, loader);
    if ('obstacle' in found) return onWasm(found.obstacle);
    if (timings && timings.wasm <= timings.webgpu) return onWasm(compared(timings));
    if (timings)
      return loader.load('webgpu', found.precision).then(
        (loaded) => ({ ...loaded, because: compared(timings) }),
        (error: unknown) => onWasm(failed(error)),
      );

    const wasm = await onWasm('');
    const time = await wasm.host.time();
    if (time <= fastEnough)
      return { ...wasm, because: `it takes ${time.toFixed(1)} ms, too little for WebGPU to be worth a try` };
    try {
      const webgpu = await loader.load('webgpu', found.precision);
      const measured = { wasm: time, webgpu: await webgpu.host.time() };
      rememberTimings(manifestUrl, { ...measured, ...versions });
      return { ...(measured.webgpu < time ? webgpu : wasm), because: compared(measured) };
    } catch (error) {
      return { ...wasm, because: failed(error) };
    }
  },
};

/** Begins with the runtime, which is the most bytes and does not wait for the manifest. */
function loadEarly(loader: Loader): Promise<Loaded> {
  loader.preload('wasm');
  const loaded = loadWasm(loader);
  loaded.catch(() => {});
  return loaded;
}

/** Loads the int8 weights where the model has them, else fp32. */
async function loadWasm(loader: Loader): Promise<Loaded> {
  const manifest = await loader.manifest;
  const hasInt8 = manifest.files.some(({ precision }) => precision === 'int8');
  const { precision } = fileOf(manifest, hasInt8 ? 'int8' : 'fp32');
  return loader.load('wasm', precision);
}

function compared({ wasm, webgpu }: Record<Device, number>): string {
  const [time, other] = [Math.min(wasm, webgpu), Math.max(wasm, webgpu)];
  return `faster on this machine, ${time.toFixed(1)} ms against ${other.toFixed(1)}`;
}

/** The part of `navigator.gpu` that is used; TypeScript's DOM library does not have it. */
interface Gpu {
  requestAdapter(): Promise<{ features: ReadonlySet<string> } | null>;
}

/**
 * The weights to run on WebGPU, or why it cannot be used, as a clause. Never int8: its kernels are known to answer
 * wrongly without an error.
 */
async function findWebGpu(
  { files }: Manifest,
  { hasWebGpu }: Loader,
): Promise<{ precision: Precision } | { obstacle: string }> {
  if (!hasWebGpu) return { obstacle: 'the engine has no option `webgpu`, which unlabel/webgpu exports' };
  const has = (precision: Precision) => files.some((file) => file.precision === precision);
  if (!has('fp16') && !has('fp32')) return { obstacle: 'the model has no fp16 or fp32 weights' };
  const gpu = (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu;
  if (!gpu) return { obstacle: 'this browser has no WebGPU' };
  if (!('Suspending' in WebAssembly))
    return { obstacle: 'this browser has no JSPI, which the runtime needs for WebGPU' };
  const adapter = await timeout(gpu.requestAdapter(), pageLimits.gpuMs, () => new Error('no answer')).catch(
    () => null,
  );
  if (!adapter) return { obstacle: 'this machine offers no GPU to the browser' };
  if (adapter.features.has('shader-f16') && has('fp16')) return { precision: 'fp16' };
  return has('fp32')
    ? { precision: 'fp32' }
    : { obstacle: 'the GPU has no 16-bit floats, and the model no fp32 weights' };
}
