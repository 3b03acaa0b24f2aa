import type { RuntimeBuild, RuntimeCode } from './build.ts';

// Bundlers recognize a Worker only in this form. The file is a compiled one by then.
const code: RuntimeCode = {
  startWorker: () => new Worker(new URL('./worker-webgpu-web.js', import.meta.url), { type: 'module' }),
  importHost: () => import('./host-webgpu-web.ts'),
};

/**
 * onnxruntime-web on WebGPU. An engine that has it compares both devices, and keeps the faster one. Needs the optional peer
 * `onnxruntime-web`.
 *
 * @example
 * ```ts
 * import { createLocalEngine } from 'unlabel/local';
 * import { webgpu } from 'unlabel/webgpu';
 * const engine = createLocalEngine({ model: 'cifar10', webgpu });
 * ```
 */
export const webgpu: RuntimeBuild<'webgpu'> = { name: 'webgpu', code: () => code };
