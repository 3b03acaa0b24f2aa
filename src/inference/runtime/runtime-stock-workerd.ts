import runtimeModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import * as ort from 'onnxruntime-web/wasm';
import { withCompiled } from '../ort/compiled.ts';
import { createOrtSession } from '../ort/session.ts';
import type { Runtime } from './runtime.ts';

/**
 * All of onnxruntime-web on WASM SIMD inside Cloudflare's workerd, for networks that the trimmed runtime cannot run.
 * workerd forbids compiling WebAssembly from bytes, and gives the bundler's compiled module instead.
 *
 * @example
 * ```ts
 * import { createApp } from 'unlabel-server';
 * import { stockRuntime } from 'unlabel-server/stock';
 * export default createApp({ runtime: stockRuntime });
 * ```
 */
export const stockRuntime: Runtime = {
  device: 'wasm',
  load(weights) {
    const placeholder = new ArrayBuffer(8);
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = placeholder;
    return withCompiled(runtimeModule, placeholder, () =>
      createOrtSession(ort, weights, { executionProviders: ['wasm'] }),
    );
  },
};
