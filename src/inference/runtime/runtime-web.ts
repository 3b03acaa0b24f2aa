import type { Env } from 'onnxruntime-web';
import type { Device } from '../../contract/model.ts';
import { createSerial } from '../../util/serial.ts';
import { withCompiled } from '../ort/compiled.ts';
import { createOrtSession, type Ort } from '../ort/session.ts';
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

/** One session at a time: all engines of a page share each build's settings, and `WebAssembly.instantiate`. */
const inTurn = createSerial();

export function createWebRuntime(ort: Ort & { env: Env }, device: Device): WebRuntime {
  return {
    device,
    version: ort.env.versions.web ?? ort.env.versions.common,
    start: (module, threads) => ({
      device,
      load: (weights) =>
        inTurn(() => {
          const placeholder = new ArrayBuffer(8);
          ort.env.wasm.numThreads = threads;
          ort.env.wasm.wasmBinary = placeholder;
          return withCompiled(module, placeholder, () =>
            createOrtSession(ort, weights, { executionProviders: [device] }),
          );
        }),
    }),
  };
}
