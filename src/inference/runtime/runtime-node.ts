import * as ort from 'onnxruntime-web';
import { createOrtSession } from '../ort/session.ts';
import type { Runtime } from './runtime.ts';

/** onnxruntime-web on WASM SIMD in Node, one thread: the same arithmetic as in workerd, for scripts and tests. */
export const nodeRuntime: Runtime = {
  device: 'wasm',
  load(weights) {
    ort.env.wasm.numThreads = 1;
    return createOrtSession(ort, weights, { executionProviders: ['wasm'] });
  },
};
