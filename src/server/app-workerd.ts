import { waitUntil } from 'cloudflare:workers';
import { codecs } from '../image/codecs-workerd.ts';
import { workerdRuntime } from '../inference/runtime-workerd.ts';
import { type AppOptions, createAppOn } from './app.ts';
import type { App } from './environment.ts';

/**
 * Makes the HTTP application for a Cloudflare Worker: the default export of a Worker, or a part of a larger Hono app
 * by `app.route('/', createApp())`. Make one for the life of the Worker. Needs the binding `ASSETS`.
 *
 * @example
 * ```ts
 * import { createApp } from 'unlabel/server';
 * export default createApp();
 * ```
 */
export function createApp(options?: AppOptions): App {
  return createAppOn({ runtime: workerdRuntime, codecs, waitUntil }, options);
}
