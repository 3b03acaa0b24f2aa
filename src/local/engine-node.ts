import type { ModelName } from '../contract/model.ts';
import { createEngineOf } from './engine-core.ts';
import { noCache } from './files/cache.ts';
import { cacheFolder, createFolderCache } from './files/cache-node.ts';
import { deploymentOf } from './files/deployment.ts';
import type { LocalEngine, LocalOptions } from './options.ts';
import { trimmed } from './runtimes/trimmed-node.ts';

/** Options of {@link createLocalEngine}. */
export interface NodeOptions<Model extends string = string>
  extends Pick<LocalOptions<Model>, 'model' | 'runtimeUrl' | 'onProgress' | 'apiKey' | 'signal'> {
  /** Address of the deployment that serves the model and the runtime; not needed where `model` and `runtimeUrl` are addresses. */
  baseUrl?: string | URL | undefined;
  /**
   * Folder that keeps manifest, weights, runtime and downloaded namespaces, for the next process and for use offline.
   * It must be writable by the own user alone: what is in it is run. `false` keeps nothing.
   * @default `unlabel` in `$XDG_CACHE_HOME`, or in `.cache` of the home folder
   */
  cache?: string | false | undefined;
}

/**
 * Creates an engine that runs a model in this process, of Node, Bun or Deno, and starts to load it. It has the interface
 * of the engine in a page, and reads files as the server does, so that a file gives the answer of the service.
 *
 * ```ts
 * const engine = createLocalEngine({ model: 'cifar10', baseUrl: 'https://unlabel.example.workers.dev' });
 * const { predictions } = await engine.classify(await readFile('photo.jpg'));
 * ```
 *
 * The network runs on WASM in the calling thread, some milliseconds an image. `classes` and `vectors` are kept in memory:
 * `export` and `import` move them. JPEG and WebP need the optional peers `@jsquash/jpeg` and `@jsquash/webp`.
 *
 * @throws UnlabelError `invalid_parameter` for an invalid address.
 */
export function createLocalEngine<Model extends ModelName = string>(
  options: NodeOptions<Model>,
): LocalEngine<Model> {
  const { cache = cacheFolder(), onProgress, signal } = options;
  const deployment = deploymentOf(options, cache === false ? noCache : createFolderCache(cache));
  return createEngineOf(deployment, {
    runtime: trimmed,
    device: 'wasm',
    worker: false,
    // Not as it arrives: Bun 1.4 ends a process that waits for nothing else.
    compile: async (file) => WebAssembly.compile(await file.arrayBuffer()),
    report: console.error,
    onProgress,
    signal,
  });
}
