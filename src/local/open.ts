import { abortable } from '../contract/abortable.ts';
import type { Device } from '../contract/engine.ts';
import { UnlabelError } from '../contract/errors.ts';
import type { Manifest, Precision } from '../contract/manifest.ts';
import { fileOf } from '../inference/manifest.ts';
import { type Choice, chooseDevice, wasmPrecision } from './choose.ts';
import type { Host } from './host.ts';
import { getManifest } from './manifest.ts';
import type { LocalOptions } from './options.ts';
import { locate } from './places.ts';
import { getRuntime } from './runtime.ts';
import { startHost } from './start.ts';
import { cacheStorage, noStorage } from './stored.ts';
import { recallVerdict, rememberVerdict, verdictKey } from './verdict.ts';
import { findWebGpu } from './webgpu.ts';
import { getWeights } from './weights.ts';

/**
 * Threads where the page may have them: half of the cores, for threads that wait for a busy one are slower than one
 * alone, and no more than 4, for more gain nothing with networks of this size.
 */
function threadsHere(): number {
  return globalThis.crossOriginIsolated
    ? Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)))
    : 1;
}

/** A network that is ready to run. */
export interface Opened {
  manifest: Manifest;
  device: Device;
  host: Host;
  /** Why this device: a sentence. */
  reason: string;
}

/**
 * Loads the model of an engine on the device that it asks for. The runtime arrives beside the weights.
 *
 * @throws UnlabelError as `LocalEngine.ready` does; the reason of the signal.
 */
export async function open(options: LocalOptions, signal: AbortSignal): Promise<Opened> {
  const { device: asked = 'auto', worker = true, cache = true, apiKey, onProgress } = options;
  const places = locate(options);
  const access = {
    stored: cache ? cacheStorage : noStorage,
    headers: apiKey ? { authorization: `Bearer ${apiKey}` } : {},
    signal,
  };
  const hosts: Host[] = [];
  let chosen: Host | undefined;
  let isOver = false;

  const begin = async (device: Device) => {
    const started = await startHost(device, worker);
    hosts.push(started.host);
    if (isOver) started.host.dispose();
    const { version, file } = started.host.runtime;
    return { ...started, version, module: () => getRuntime(places.runtime(version, file), access) };
  };
  type Begun = Awaited<ReturnType<typeof begin>>;
  const keyOf = ({ version }: Begun) => verdictKey(places.manifest.href, version);

  let threads = 1;
  const finish = async (begun: Promise<Begun>, precision: Precision, report = onProgress): Promise<Host> => {
    const manifest = await manifestArriving;
    const file = fileOf(manifest, precision);
    const arriving = getWeights(places.weights(file), file, { ...access, onProgress: report });
    arriving.catch(() => {});
    const { host, inWorker, module } = await begun;
    threads = inWorker ? threadsHere() : 1;
    await host.load({ manifest, precision, weights: await arriving, module: await module(), threads });
    return host;
  };

  const manifestArriving = getManifest(places.manifest, access);
  manifestArriving.catch(() => {});
  const wasm = asked === 'webgpu' ? undefined : begin('wasm');
  // The runtime is the most bytes: do not wait for the manifest, unless another runtime is expected.
  wasm
    ?.then(async (begun) => {
      if (asked === 'wasm' || !recallVerdict(keyOf(begun))) await begun.module();
    })
    .catch(() => {});

  const choose = async (): Promise<Choice> => {
    const manifest = await manifestArriving;
    if (!wasm) {
      const found = await findWebGpu(manifest);
      if ('obstacle' in found)
        throw new UnlabelError('model_unavailable', `WebGPU was asked for, but ${found.obstacle}`);
      return {
        device: 'webgpu',
        host: await finish(begin('webgpu'), found.precision),
        because: 'it was asked for',
      };
    }
    if (asked === 'wasm')
      return {
        device: 'wasm',
        host: await finish(wasm, wasmPrecision(manifest)),
        because: 'it was asked for',
      };
    const key = `${keyOf(await wasm)}`;
    return chooseDevice({
      manifest,
      open: (device, precision) =>
        device === 'wasm' ? finish(wasm, precision) : finish(begin(device), precision, undefined),
      verdict: recallVerdict(key),
      remember: (verdict) => rememberVerdict(key, verdict),
      signal,
    });
  };

  try {
    const { device, host, because } = await abortable(choose(), signal);
    chosen = host;
    const name = device === 'webgpu' ? 'WebGPU' : threads > 1 ? `WASM on ${threads} threads` : 'WASM';
    return { manifest: await manifestArriving, device, host, reason: `${name}: ${because}` };
  } finally {
    isOver = true;
    for (const host of hosts) if (host !== chosen) host.dispose();
  }
}
