import type { Engine } from '../contract/engine.ts';
import type { ImageSource } from '../contract/image-source.ts';
import type { Manifest } from '../contract/manifest.ts';
import type { Device } from '../contract/model.ts';

/** How much of a model's weights has arrived. */
export interface Progress {
  /** Bytes that are here. */
  loaded: number;
  /** Bytes of the whole file. */
  total: number;
}

/** Options of {@link createLocalEngine}. */
export interface LocalOptions<Model extends string = string> {
  /**
   * Name of a model of the deployment at {@link baseUrl}; the class names of a known model are typed. Or the address
   * of a manifest, which has a slash in it: a file `.../manifest.json` with the weights beside it, or
   * `https://host/v1/models/<name>` of a deployment.
   */
  model: Model | URL;
  /**
   * The deployment that serves the model and the runtime, with any path that it is mounted under.
   * @default the origin of the page
   */
  baseUrl?: string | URL | undefined;
  /**
   * What runs the network on WASM. `trimmed`: onnxruntime-web without the parts that no network of `npm run train`
   * uses. `stock`: all of it, three times as many bytes, and on several threads in a cross-origin isolated page.
   * @default 'trimmed'
   */
  runtime?: 'trimmed' | 'stock' | undefined;
  /**
   * Where the runtime's `.wasm` files are: `ort.wasm` of `unlabel/dist/runtime`; `ort-wasm-simd-threaded.wasm` for
   * `stock`, and `ort-wasm-simd-threaded.jspi.wasm` for WebGPU, of the installed onnxruntime-web.
   * @default `runtime/<version>/` of the deployment
   */
  runtimeUrl?: string | URL | undefined;
  /**
   * What the network runs on. `auto`: WebGPU if it is there, gives the golden output and was faster on this machine,
   * else WASM. `webgpu`: nothing else will do.
   * @default 'auto'
   */
  device?: Device | 'auto' | undefined;
  /** Called as the weights arrive; once, with all of them, where they were stored. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /**
   * Whether manifest, weights and runtime are kept in the Cache API, for the next visit and for offline use.
   * @default true
   */
  cache?: boolean | undefined;
  /**
   * Whether to run in a Worker. Without one, or where it cannot start, the page stands still while the network runs.
   * @default true
   */
  worker?: boolean | undefined;
  /** API key, where the deployment asks for one. Whoever opens the page can read it. */
  apiKey?: string | undefined;
  /** Ends the loading: {@link LocalEngine.ready} and all calls then reject with its reason. */
  signal?: AbortSignal | undefined;
}

/**
 * The network in this page. Images are read in the order of the calls; a call before the network is loaded waits.
 *
 * What fails to load is loaded anew by the next call, or by reading {@link ready} again.
 *
 * The first `search` of a namespace downloads all of it from the deployment, and it and later ones search that copy;
 * with the cache, also offline. It throws the codes of the server too: `model_mismatch`, `vector_not_found`.
 *
 * `classify` and `embed` throw UnlabelError with the codes of the server: `invalid_image`, `image_too_large`,
 * `unsupported_media_type`, `invalid_parameter`; what {@link ready} throws; the reason of `signal` once it is aborted,
 * at once, and a run that has not begun then does not begin.
 */
export interface LocalEngine<Model extends string = string> extends Engine<ImageSource, Model> {
  /**
   * Settles when the network can run.
   * @throws UnlabelError `model_not_found`, `unauthorized`; `model_unavailable` for what cannot be reached, has not the
   * hash of its manifest, or does not give its golden output.
   */
  readonly ready: Promise<void>;
  /** What the network runs on; undefined until {@link ready}. */
  readonly device: Device | undefined;
  /** Why that device, in a sentence; undefined until {@link ready}. */
  readonly reason: string | undefined;
  /** The model; undefined until {@link ready}. */
  readonly manifest: Manifest | undefined;
  /** Frees the network and its Worker. Pending calls, and all later ones, reject with `model_unavailable`. */
  dispose(): void;
}
