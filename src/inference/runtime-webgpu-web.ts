import * as ort from 'onnxruntime-web/jspi';
import { createWebRuntime } from './runtime-web.ts';

/** onnxruntime-web on WebGPU in a page or its Worker: the build with JSPI, which is the small one. */
export const webgpuRuntime = createWebRuntime(ort, 'webgpu', 'ort-wasm-simd-threaded.jspi.wasm');
