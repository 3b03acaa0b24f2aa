import { webgpuRuntime } from '../inference/runtime-webgpu-web.ts';
import { createHost } from './host.ts';

export const host = createHost(webgpuRuntime);
