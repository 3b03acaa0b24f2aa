import * as ort from 'onnxruntime-web/wasm';
import { createWebRuntime } from './runtime-web.ts';

/** All of onnxruntime-web on WASM SIMD in a page or its Worker: any network, and threads where the page may have them. */
export const stockRuntime = createWebRuntime(ort, 'wasm');
