import * as ort from 'onnxruntime-web/jspi';
import { createWebRuntime } from './runtime-web.ts';

/** onnxruntime-web on WebGPU in a page or its Worker. */
export const webgpuRuntime = createWebRuntime(ort, 'webgpu');
