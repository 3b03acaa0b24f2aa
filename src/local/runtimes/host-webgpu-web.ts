import { fitImage } from '../../image/fit-web.ts';
import { webgpuRuntime } from '../../inference/runtime/runtime-webgpu-web.ts';
import { createHost as create, type Host } from '../host/host.ts';

/** A host of its own for each engine. */
export const createHost = (): Host => create(webgpuRuntime, fitImage);
