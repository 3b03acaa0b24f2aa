import runtimeModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import * as ort from 'onnxruntime-web/wasm';
import { createOrtSession } from './ort-session.ts';
import type { Runtime } from './runtime.ts';

/**
 * onnxruntime-web on WASM SIMD inside Cloudflare's workerd.
 *
 * workerd forbids compiling WebAssembly from bytes and gives the bundler's compiled module instead, while the
 * runtime's start-up code wants to compile. So `WebAssembly.instantiate` answers with the module while the first
 * session is made, and is put back after.
 */
export const workerdRuntime: Runtime = {
  device: 'wasm',
  async load(weights) {
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmBinary = new ArrayBuffer(8);
    const instantiate = WebAssembly.instantiate;
    WebAssembly.instantiate = (async (_bytes: BufferSource, imports?: WebAssembly.Imports) => ({
      module: runtimeModule,
      instance: await instantiate(runtimeModule, imports),
    })) as unknown as typeof WebAssembly.instantiate;
    try {
      return await createOrtSession(ort, weights, { executionProviders: ['wasm'] });
    } finally {
      WebAssembly.instantiate = instantiate;
    }
  },
};
