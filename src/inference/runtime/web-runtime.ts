// Apart from what imports onnxruntime-web: the types of `unlabel/local` name these.
import type { Device } from '../../contract/model.ts';
import type { Runtime } from './runtime.ts';

/** The builds of onnxruntime-web that a page can use: on WASM the trimmed or the stock one. */
export type Build = 'trimmed' | 'stock' | 'webgpu';

/** Names of their `.wasm` files; for WebGPU the build with JSPI, which is the small one. */
export const runtimeFiles: Record<Build, string> = {
  trimmed: 'ort.wasm',
  stock: 'ort-wasm-simd-threaded.wasm',
  webgpu: 'ort-wasm-simd-threaded.jspi.wasm',
};

/** A build of onnxruntime-web in a page, before it is given its `.wasm`. */
export interface WebRuntime {
  readonly device: Device;
  /** Its version; the `.wasm` must be of the same. */
  readonly version: string;
  /** @param threads - more than 1 needs a cross-origin isolated page. */
  start(module: WebAssembly.Module, threads: number): Runtime;
}
