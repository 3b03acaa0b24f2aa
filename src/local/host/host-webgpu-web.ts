import { webgpuRuntime } from '../../inference/runtime/runtime-webgpu-web.ts';
import { createHost } from './host.ts';

export const host = createHost(webgpuRuntime);
