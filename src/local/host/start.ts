import { UnlabelError } from '../../contract/errors.ts';
import type { Build } from '../../inference/runtime/runtime-web.ts';
import type { Host } from './host.ts';
import { connectWorker } from './worker-host.ts';

/** A host that has started. */
export interface StartedHost {
  host: Host;
  inWorker: boolean;
}

/**
 * Starts the host of a build of the runtime: in a Worker; in the page if it should, or if no Worker can start.
 *
 * @throws UnlabelError `model_unavailable` if onnxruntime-web cannot be loaded.
 */
export async function startHost(build: Build, inWorker: boolean): Promise<StartedHost> {
  if (inWorker) {
    let worker: Worker | undefined;
    try {
      worker = workers[build]();
      return { host: await connectWorker(worker), inWorker };
    } catch {
      worker?.terminate();
    }
  }
  try {
    return { host: (await modules[build]()).host, inWorker: false };
  } catch (cause) {
    throw new UnlabelError('model_unavailable', 'Cannot load onnxruntime-web: is it installed?', { cause });
  }
}

// Spelled out: bundlers recognize only this form. The files are compiled ones by then.
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
