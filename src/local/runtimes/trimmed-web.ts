import { version } from '../../../dist/runtime/version.js';
import type { RuntimeBuild, RuntimeCode } from './build.ts';

// Bundlers recognize a Worker only in this form. The file is a compiled one by then.
const code: RuntimeCode = {
  startWorker: () => new Worker(new URL('./worker-trimmed-web.js', import.meta.url), { type: 'module' }),
  importHost: () => import('./host-trimmed-web.ts'),
};

/** onnxruntime-web without the parts that no network of `npm run train` uses: the default, a part of this package. */
export const trimmed: RuntimeBuild<'trimmed'> = { name: 'trimmed', version, code: () => code };
