import module from '../../../dist/runtime/ort.wasm';
import { createTrimmedRuntime } from './runtime-trimmed.ts';

/** The trimmed runtime inside Cloudflare's workerd. */
export const workerdRuntime = createTrimmedRuntime(
  module,
  "createApp({ runtime: stockRuntime }), of 'unlabel-server/stock'",
);
