import type { Manifest, Precision } from '../contract/manifest.ts';
import type { Device } from '../contract/model.ts';
import { fileOf } from '../inference/manifest.ts';
import { runtimeFiles } from '../inference/runtime/web-runtime.ts';
import { singleFlight } from '../util/single-flight.ts';
import type { Deployment } from './files/deployment.ts';
import { getManifest, getWeights } from './files/model-files.ts';
import { getRuntime } from './files/runtime-file.ts';
import type { Host, StartRequest } from './host/host.ts';
import { type StartedHost, startHost, startWorker, type Thread } from './host/start.ts';
import type { EngineOptions, Progress } from './options.ts';
import type { RuntimeBuild } from './runtimes/build.ts';

/** A network that is loaded and has given its golden output. */
export interface Loaded {
  device: Device;
  host: Host;
  /** Which thread runs it, and of how many. */
  thread: Thread;
  threads: number;
  /** Why no Worker could start: a clause. */
  obstacle?: string | undefined;
  /** Starts a further Worker with the network; undefined where there can be one only, and where no more are wanted. */
  another?: (() => Promise<Host>) | undefined;
}

/** Loads one model on one device, or on both to compare them. */
export interface Loader {
  readonly manifest: Promise<Manifest>;
  /** Whether it has a runtime for WebGPU. */
  readonly hasWebGpu: boolean;
  /** Starts the host of a device, unless it has started. */
  start(device: Device): Promise<Host>;
  /** Starts the host of a device and its runtime, without waiting for the manifest. */
  preload(device: Device): void;
  load(device: Device, precision: Precision): Promise<Loaded>;
  /** Disposes of all hosts but one, also of those that are still starting. */
  close(chosen: Host | undefined): void;
}

/** The host of a device. */
interface Starting {
  started: Promise<StartedHost>;
  /**
   * Starts the runtime in it, whose download does not wait for the host where the page knows the version.
   * @returns what further hosts start with.
   */
  run(): Promise<StartRequest>;
}

/** @param signal - ends all downloads. */
export function createLoader(
  deployment: Deployment,
  { runtime, webgpu, worker = true, workers = 1, compile, report, ...options }: EngineOptions,
  signal: AbortSignal,
): Loader {
  // What the caller's function throws must not end the download, which other engines may share.
  const onProgress = (progress: Progress) => {
    try {
      options.onProgress?.(progress);
    } catch (error) {
      report(error);
    }
  };
  const manifest = getManifest(deployment, signal);
  manifest.catch(() => {});
  const starting = new Map<Device, Starting>();

  function begin(device: Device): Starting {
    const build: RuntimeBuild | undefined = device === 'wasm' ? runtime : webgpu;
    if (!build) throw new Error('The engine has no runtime for WebGPU');
    const started = startHost(build, worker);
    started.catch(() => {});
    const get = (version: string) => {
      const module = getRuntime(deployment, version, runtimeFiles[build.name], compile, signal);
      module.catch(() => {});
      return module;
    };
    return {
      started,
      run: singleFlight(async () => {
        const early = build.version === undefined ? undefined : get(build.version);
        const { host, thread } = await started;
        const module = await (early && host.version === build.version ? early : get(host.version));
        const threads = thread === 'worker' && build.name === 'stock' ? threadsHere() : 1;
        await host.start({ module, threads });
        return { module, threads };
      }),
    };
  }

  function startingOf(device: Device): Starting {
    const known = starting.get(device) ?? begin(device);
    starting.set(device, known);
    return known;
  }

  return {
    manifest,
    hasWebGpu: webgpu !== undefined,
    start: async (device) => (await startingOf(device).started).host,
    preload: (device) =>
      void startingOf(device)
        .run()
        .catch(() => {}),
    async load(device, precision) {
      const file = fileOf(await manifest, precision);
      const weights = getWeights(deployment, file, { signal, onProgress });
      weights.catch(() => {});
      const { started, run } = startingOf(device);
      const runtimeRequest = await run();
      const { threads } = runtimeRequest;
      const { host, thread, obstacle } = await started;
      const request = { manifest: await manifest, precision };
      const bytes = await weights;
      await host.load({ ...request, weights: bytes });
      const isAlone = device === 'webgpu' || thread === 'page' || threads > 1 || workers === 1;
      if (isAlone) return { device, host, thread, threads, obstacle };
      // Not as bytes, which would take memory of the page.
      const kept = new Blob([bytes]);
      const another = async () => {
        const further = await startWorker(runtime);
        try {
          await further.start(runtimeRequest);
          await further.load({ ...request, weights: new Uint8Array(await kept.arrayBuffer()) });
        } catch (error) {
          further.dispose();
          throw error;
        }
        return further;
      };
      return { device, host, thread, threads, obstacle, another };
    },
    close(chosen) {
      for (const { started } of starting.values())
        started.then(({ host }) => host !== chosen && host.dispose()).catch(() => {});
    },
  };
}

/**
 * Threads that the page may have: half of the cores, because threads that wait for a busy core are slower than a
 * single one, and at most 4, because more gain nothing with networks of this size.
 */
function threadsHere(): number {
  return globalThis.crossOriginIsolated
    ? Math.max(1, Math.min(4, Math.floor(navigator.hardwareConcurrency / 2)))
    : 1;
}
