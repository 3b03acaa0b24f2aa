import { wasmRuntime } from '../inference/runtime-wasm-web.ts';
import { createHost } from './host.ts';

export const host = createHost(wasmRuntime);
