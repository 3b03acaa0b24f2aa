import type { Build } from '../../inference/runtime/web-runtime.ts';
import type { Host } from '../host/host.ts';

/**
 * A build of onnxruntime-web for an engine: `webgpu` of `unlabel/webgpu`, or `stock` of `unlabel/stock`. Bundlers see
 * onnxruntime-web only where one of these is imported.
 */
export interface RuntimeBuild<Name extends Build = Build> {
  readonly name: Name;
  /** The version of its `.wasm`, where the page knows it: its download need not wait for the code. */
  readonly version?: string;
  /** The code that starts it. CommonJS loads it as an ES module. */
  code(): RuntimeCode | Promise<RuntimeCode>;
}

/** Starts a build. */
export interface RuntimeCode {
  /** Starts a Worker that serves a host. */
  startWorker(): Worker;
  /** Loads the code of a host into the page. */
  importHost(): Promise<{ createHost(): Host }>;
}
