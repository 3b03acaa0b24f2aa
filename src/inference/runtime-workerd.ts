import runtimeModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import * as ort from 'onnxruntime-web/wasm';
import { withCompiled } from './compiled.ts';
import { createOrtSession } from './ort-session.ts';
import type { Runtime } from './runtime.ts';

/**
 * onnxruntime-web on WASM SIMD inside Cloudflare's workerd, which forbids compiling WebAssembly from bytes and gives
 * the bundler's compiled module instead.
 */
export const workerdRuntime: Runtime = {
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
