import { UnlabelError } from '../../contract/errors.ts';
import type { Build } from '../../inference/runtime/runtime-web.ts';
import type { Host } from './host.ts';
import { connect } from './page-side.ts';

/**
 * Starts the host of a build of the runtime: in a Worker, or in the page where it is told to or no Worker can start.
 *
 * @returns the host, and whether it has a thread of its own.
 * @throws UnlabelError `model_unavailable` where onnxruntime-web cannot be loaded.
 */
export async function startHost(build: Build, inWorker: boolean): Promise<{ host: Host; inWorker: boolean }> {
  if (inWorker) {
    let worker: Worker | undefined;
    try {
      worker = workers[build]();
      return { host: await connect(worker), inWorker };
    } catch {
      worker?.terminate();
    }
  }
  try {
    return { host: (await modules[build]()).host, inWorker: false };
  } catch (cause) {
    throw new UnlabelError('model_unavailable', 'onnxruntime-web cannot be loaded: is it installed?', {
      cause,
    });
  }
}

// Written out, not put together: bundlers look for just this form. The files are compiled ones by then.
const workers = {
  trimmed: () => new Worker(new URL('./worker-trimmed-web.js', import.meta.url), { type: 'module' }),
  stock: () => new Worker(new URL('./worker-stock-web.js', import.meta.url), { type: 'module' }),
  webgpu: () => new Worker(new URL('./worker-webgpu-web.js', import.meta.url), { type: 'module' }),
};
const modules = {
  trimmed: () => import('./host-trimmed-web.ts'),
  stock: () => import('./host-stock-web.ts'),
  webgpu: () => import('./host-webgpu-web.ts'),
};
