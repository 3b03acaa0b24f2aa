import { waitUntil } from 'cloudflare:workers';
import { codecs } from '../image/codecs/codecs-workerd.ts';
import type { Runtime } from '../inference/runtime/runtime.ts';
import { workerdRuntime } from '../inference/runtime/runtime-workerd.ts';
import { type AppOptions, createAppOn } from './app.ts';
import type { App } from './environment.ts';

/** Settings of {@link createApp}. */
export interface WorkerOptions extends AppOptions {
  /**
   * What runs the networks. Default: onnxruntime-web, trimmed to the operators of the networks of `npm run train`;
   * `stockRuntime` of `unlabel-server/stock` has all of them, and is three times as large.
   */
  runtime?: Runtime | undefined;
}

/**
 * Makes the HTTP application for a Cloudflare Worker: the default export of a Worker, or a part of a larger Hono app by
 * `app.route('/ai', createApp())`, where it touches nothing but its own routes. Make one for the life of the Worker. Needs the
 * binding `ASSETS`.
 *
 * @example
 * ```ts
 * import { createApp } from 'unlabel-server';
 * export default createApp();
 * ```
 */
export function createApp({ runtime = workerdRuntime, ...options }: WorkerOptions = {}): App {
  return createAppOn({ runtime, codecs, waitUntil }, options);
}
