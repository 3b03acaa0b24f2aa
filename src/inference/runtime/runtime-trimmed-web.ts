import { version } from '../../../dist/runtime/version.js';
import { createTrimmedRuntime } from './runtime-trimmed.ts';
import type { WebRuntime } from './web-runtime.ts';

/** The trimmed runtime in a page or its Worker. */
export const trimmedRuntime: WebRuntime = {
  device: 'wasm',
  version,
  start: (module) =>
    createTrimmedRuntime(module, "createLocalEngine({ runtime: stock }), of 'unlabel/stock'"),
};
