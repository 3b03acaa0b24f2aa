import type { Engine } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Device } from '../contract/model.ts';
import type { Watching } from '../contract/resources/watch.ts';
import type { LocalClasses, LocalVectors } from './data/interface.ts';
import type { RuntimeBuild } from './runtimes/build.ts';

/** How much of a model's weights is downloaded. */
export interface Progress {
  /** Bytes that have arrived. */
  loaded: number;
  /** Bytes of the whole file. */
  total: number;
}

/** Options of {@link createLocalEngine}. */
export interface LocalOptions<Model extends string = string> {
  /**
   * Name of a model of the deployment at {@link baseUrl}; the class names of a known model are typed. Or the address
   * of a manifest, which contains a slash: a file `.../manifest.json` with the weights beside it, or
   * `https://host/v1/models/<name>` of a deployment.
   */
  model: Model | URL;
  /**
   * Address of the deployment that serves the model and the runtime, including a path that it is mounted under.
   * @default the origin of the page
   */
  baseUrl?: string | URL | undefined;
  /**
   * What runs the network on WASM: `stock` of `unlabel/stock` is all of onnxruntime-web, for networks that `npm run
   * train` did not make, and for several threads in a cross-origin isolated page.
   * @default a trimmed onnxruntime-web on one thread, a third of its bytes
   */
  runtime?: RuntimeBuild<'trimmed' | 'stock'> | undefined;
  /**
   * What runs the network on WebGPU: `webgpu` of `unlabel/webgpu`.
   * @default none: the network runs on WASM
   */
  webgpu?: RuntimeBuild<'webgpu'> | undefined;
  /**
   * Address of the folder of the runtime's `.wasm` files: `ort.wasm` of `unlabel/dist/runtime`; and of the installed
   * onnxruntime-web `ort-wasm-simd-threaded.wasm` for `stock`, `ort-wasm-simd-threaded.jspi.wasm` for WebGPU.
   * @default `runtime/<version>/` of the deployment
   */
  runtimeUrl?: string | URL | undefined;
  /**
   * What the network runs on. `auto`: WebGPU if the engine has {@link webgpu}, it is available, gives the golden output and is faster on this
   * machine, else WASM. `webgpu`: no fallback.
   * @default 'auto'
   */
  device?: Device | 'auto' | undefined;
  /** Called as the weights arrive; once, with the whole size, if they were stored. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Whether manifest, weights and runtime are stored in the Cache API, for the next visit and for offline use.
   * @default true
   */
  cache?: boolean | undefined;
  /**
   * Whether to run in a Worker. Without one the network blocks the page while it runs. If none can start, it runs in
   * the page too, and the console has a warning with the reason.
   * @default true
   */
  worker?: boolean | undefined;
  /**
   * Most Workers that read images and run the network at a time, 1 to 32. A further one starts when work has waited for
   * 100 ms, so that the first answer never waits for one, and ends after 20 s without work; each takes the memory of the
   * first, which shares the downloaded files and the compiled runtime with them. `auto`: as many as the machine has
   * cores, and one for each 2 GB of its memory (4 GB where the browser does not tell), 4 at most.
   *
   * There is one on WebGPU, with several threads of `runtime: stock`, and where no Worker starts.
   * @default 'auto'
   */
  workers?: number | 'auto' | undefined;
  /**
   * API key, if the deployment requires one: sent to the origin of {@link baseUrl} only. Everyone who opens the page
   * can read it.
   */
  apiKey?: string | undefined;
  /** Aborts the loading: {@link LocalEngine.ready} and all calls then reject with its reason. */
  signal?: AbortSignal | undefined;
}

/** What an engine needs of its options, wherever it runs. */
export interface EngineOptions
  extends Pick<LocalOptions, 'webgpu' | 'device' | 'onProgress' | 'worker' | 'signal'> {
  runtime: RuntimeBuild;
  /** Compiles a file of a runtime. */
  compile(file: Response): Promise<WebAssembly.Module>;
  /** Reports what a function of the caller throws. */
  report(error: unknown): void;
  /** Most Workers at a time. @default 1 */
  workers?: number | undefined;
}

/**
 * A network in this page, or in this process. Images are read in the order of the calls; a call before the network is loaded waits.
 *
 * After a failure to load, the next call or the next read of {@link ready} loads again.
 *
 * The first `search` of a namespace downloads all of it from the deployment. That search and later ones use the copy;
 * with the cache, also offline. It throws the server's `model_mismatch` and `vector_not_found` too.
 *
 * `classify` and `embed` throw UnlabelError with the server's codes: `invalid_image`, `image_too_large`,
 * `unsupported_media_type`, `invalid_parameter`; and what {@link ready} throws. An aborted `signal` rejects the call
 * at once with its reason, and a run that has not begun does not begin.
 */
export interface LocalEngine<Model extends string = string>
  extends Engine<ImageSource, Model>,
    Watching<ImageSource, Model> {
  /**
   * Settles when the network can run.
   * @throws UnlabelError `model_not_found`, `unauthorized`; `model_unavailable` if a file cannot be reached or does not
   * have the hash of its manifest, or the network does not give its golden output; `not_supported` outside a browser.
   * The message has the cause and the address.
   */
  readonly ready: Promise<void>;
  /** What the network runs on; undefined until {@link ready}. */
  readonly device: Device | undefined;
  /** Which thread the network runs in: a Worker's, or that of the page or process; undefined until {@link ready}. */
  readonly thread: 'worker' | 'page' | undefined;
  /** Why it runs on that device and in that thread, in a sentence; undefined until {@link ready}. */
  readonly reason: string | undefined;
  /** The model; undefined until {@link ready}. */
  readonly manifest: Manifest | undefined;
  /**
   * Whether a later visit finds the {@link classes} and {@link vectors}; false where the browser keeps nothing, as in
   * some private windows: they are then kept until the page is closed.
   */
  readonly persistent: Promise<boolean>;
  /** Classes of your own, kept in this page. */
  readonly classes: LocalClasses;
  /** Vectors, kept in this page. */
  readonly vectors: LocalVectors;
  /** Frees the network and its Worker. Pending and later calls reject with `model_unavailable`. */
  dispose(): void;
}
