import type { RuntimeBuild, RuntimeCode } from './build.ts';

// Bundlers recognize a Worker only in this form. The file is a compiled one by then.
const code: RuntimeCode = {
  startWorker: () => new Worker(new URL('./worker-stock-web.js', import.meta.url), { type: 'module' }),
  importHost: () => import('./host-stock-web.ts'),
};

/**
 * All of onnxruntime-web on WASM: runs any network, has three times the bytes, and uses several threads in a cross-origin
 * isolated page. Needs the optional peer `onnxruntime-web`.
 *
 * @example
 * ```ts
 * import { createLocalEngine } from 'unlabel/local';
 * import { stock } from 'unlabel/stock';
 * const engine = createLocalEngine({ model: 'cifar10', runtime: stock });
 * ```
 */
export const stock: RuntimeBuild<'stock'> = { name: 'stock', code: () => code };
