import type { Manifest, Precision } from '../contract/manifest.ts';
import type { Device } from '../contract/model.ts';
import { fileOf } from '../inference/manifest.ts';
import { runtimeFiles } from '../inference/runtime/runtime-web.ts';
import { abortable } from '../util/abortable.ts';
import { singleFlight } from '../util/single-flight.ts';
import { type Choice, chooseDevice, chooseWebGpu, wasmPrecision } from './device/choose.ts';
import { recallVerdict, rememberVerdict } from './device/timings.ts';
import { accessOf } from './files/access.ts';
import { getManifest } from './files/manifest.ts';
import { getRuntime } from './files/runtime.ts';
import { locate } from './files/urls.ts';
import { getWeights } from './files/weights.ts';
import type { Host } from './host/host.ts';
import { startHost } from './host/start.ts';
import type { LocalOptions } from './options.ts';

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
 * @param fastEnough - see {@link chooseDevice}.
 * @throws UnlabelError as `LocalEngine.ready` does; the reason of the signal.
 */
export async function open(options: LocalOptions, signal: AbortSignal, fastEnough?: number): Promise<Opened> {
  const { device: asked = 'auto', runtime = 'trimmed', worker = true, onProgress } = options;
  const places = locate(options);
  const access = { ...accessOf(options), signal };
  const hosts: Host[] = [];
  let chosen: Host | undefined;
  let isOver = false;

  const begin = async (device: Device) => {
    const build = device === 'wasm' ? runtime : device;
    const started = await startHost(build, worker);
    hosts.push(started.host);
    if (isOver) started.host.dispose();
    const url = places.runtime(started.host.version, runtimeFiles[build]);
    return { ...started, module: singleFlight(() => getRuntime(url, access)) };
  };

  const arriving = getManifest(places.manifest, access);
  arriving.catch(() => {});
  const wasm = asked === 'webgpu' ? undefined : begin('wasm');
  const remembered = asked === 'auto' ? recallVerdict(places.manifest) : undefined;
  // The runtime is the most bytes: do not wait for the manifest, unless it is the other one that is expected.
  if (!remembered || remembered.wasm <= remembered.webgpu)
    wasm?.then((begun) => begun.module()).catch(() => {});

  let threads = 1;
  const load = async (device: Device, precision: Precision): Promise<Host> => {
    const manifest = await arriving;
    const file = fileOf(manifest, precision);
    const weights = getWeights(places.weights(file), file, { ...access, onProgress });
    weights.catch(() => {});
    const { host, inWorker, module } = await (device === 'wasm' && wasm ? wasm : begin(device));
    threads = inWorker && runtime === 'stock' ? threadsHere() : 1;
    await host.load({ manifest, precision, weights: await weights, module: await module(), threads });
    return host;
  };

  const choose = async (): Promise<Choice> => {
    const manifest = await arriving;
    if (!wasm) return chooseWebGpu(manifest, load);
    if (asked === 'wasm')
      return {
        device: 'wasm',
        host: await load('wasm', wasmPrecision(manifest)),
        because: 'it was asked for',
      };
    const versions = { model: manifest.version, runtime: (await wasm).host.version };
    const holds = remembered?.model === versions.model && remembered.runtime === versions.runtime;
    return chooseDevice({
      manifest,
      load,
      times: holds ? remembered : undefined,
      remember: (times) => rememberVerdict(places.manifest, { ...times, ...versions }),
      signal,
      fastEnough,
    });
  };

  try {
    const { device, host, because } = await abortable(choose(), signal);
    chosen = host;
    const name = device === 'webgpu' ? 'WebGPU' : threads > 1 ? `WASM on ${threads} threads` : 'WASM';
    return { manifest: await arriving, device, host, reason: `${name}: ${because}` };
  } finally {
    isOver = true;
    for (const host of hosts) if (host !== chosen) host.dispose();
  }
}
