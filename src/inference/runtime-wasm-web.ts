import * as ort from 'onnxruntime-web/wasm';
import { createWebRuntime } from './runtime-web.ts';

/** onnxruntime-web on WASM SIMD in a page or its Worker. */
export const wasmRuntime = createWebRuntime(ort, 'wasm');
