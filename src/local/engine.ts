import type { ModelName } from '../contract/model.ts';
import { createEngineOf } from './engine-core.ts';
import { createBrowserCache, noCache } from './files/cache.ts';
import { compile } from './files/compile-web.ts';
import { deploymentOf } from './files/deployment.ts';
import { countWorkers } from './host/count-workers-web.ts';
import type { LocalEngine, LocalOptions } from './options.ts';
import { trimmed } from './runtimes/trimmed-web.ts';

/**
 * Creates an engine that runs a model in this page, and starts to load it. It returns at once: calls wait for the
 * model, and {@link LocalEngine.ready} settles when it is loaded.
 *
 * ```ts
 * const engine = createLocalEngine({ model: 'cifar10', baseUrl: 'https://unlabel.example.workers.dev' });
 * const { predictions } = await engine.classify(file);
 * ```
 *
 * Needs a secure context (https or localhost), and for `unlabel/stock` and `unlabel/webgpu` the optional peer
 * `onnxruntime-web`. On a server nothing is loaded, so that a page may be rendered there; a call is refused.
 *
 * @throws UnlabelError `invalid_parameter` for an invalid address or number of Workers.
 */
export function createLocalEngine<Model extends ModelName = string>(
  options: LocalOptions<Model>,
): LocalEngine<Model> {
  const { cache = true, runtime = trimmed, workers = 'auto' } = options;
  // Here and not in `load`, so that an invalid address is thrown at once. A server has no address to resolve it by.
  const deployment = isBrowser() ? deploymentOf(options, cache ? createBrowserCache() : noCache) : undefined;
  return createEngineOf(deployment, {
    ...options,
    runtime,
    workers: countWorkers(workers),
    compile,
    report: (error) => reportError(error),
  });
}

/** Whether this is a page or a Worker of one, where images can be decoded. Deno has canvases too, and no page. */
function isBrowser(): boolean {
  const isPage = typeof document === 'object' || typeof importScripts === 'function';
  return isPage && typeof createImageBitmap === 'function' && typeof OffscreenCanvas === 'function';
}

declare const importScripts: unknown;
