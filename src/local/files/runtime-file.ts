import { sha256 } from '../../util/sha256.ts';
import { createShare } from '../../util/share.ts';
import { type FileCache, noCache } from './cache.ts';
import type { Deployment } from './deployment.ts';
import { type FileRequest, failure, request, requireOk, unavailable } from './download.ts';

/** A `.wasm` file of onnxruntime-web, and what an earlier visit has made of it. */
export interface RuntimeFile {
  /**
   * Gets it compiled: the stored copy, or from the network. Concurrent callers in a page share it.
   * @throws UnlabelError `model_unavailable`; the reason of the signal.
   */
  module(signal: AbortSignal): Promise<WebAssembly.Module>;
  /** The state of a started instance, as it was kept; undefined where there is none or it was damaged. */
  state(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  keepState(state: Uint8Array<ArrayBuffer>): Promise<void>;
  forgetState(): Promise<void>;
}

/** @param version - of onnxruntime-web. */
export function runtimeFileOf(
  { runtimeUrl, cache }: Deployment,
  version: string,
  name: string,
  compile: (file: Response) => Promise<WebAssembly.Module>,
): RuntimeFile {
  const url = runtimeUrl(version, name);
  const stateUrl = new URL(url);
  stateUrl.searchParams.set('started', '');
  return {
    module: (signal) => getRuntime(url, cache, compile, signal),
    state: () =>
      cache.get(stateUrl, async (file) => {
        const state = new Uint8Array(await file.arrayBuffer());
        return (await sha256(state)) === file.headers.get('etag') ? state : undefined;
      }),
    async keepState(state) {
      if (cache !== noCache)
        await cache.put(stateUrl, new Response(state, { headers: { etag: await sha256(state) } }));
    },
    forgetState: () => cache.delete(stateUrl),
  };
}

const shareRuntimes = createShare<WebAssembly.Module, never>();

function getRuntime(
  url: URL,
  cache: FileCache,
  compile: (file: Response) => Promise<WebAssembly.Module>,
  signal: AbortSignal,
): Promise<WebAssembly.Module> {
  return shareRuntimes(
    JSON.stringify([url, cache === noCache]),
    async ({ signal, until }) => {
      const file: FileRequest = { url, what: 'The runtime', signal, notFound: 'model_unavailable' };
      requireWebAssembly(file);
      const copy = await cache.get(url, compile);
      if (copy) return copy;
      const hint = ': the deployment may have another version of onnxruntime-web';
      const response = requireOk(await request(file), file, hint);
      const kept = response.clone();
      try {
        const module = await compile(response);
        until(cache.put(url, kept));
        return module;
      } catch (cause) {
        kept.body?.cancel().catch(() => {});
        if (!(cause instanceof WebAssembly.CompileError)) throw failure(file, cause);
        const type = response.headers.get('content-type');
        throw unavailable(file, `it is no WebAssembly that this browser compiles, but ${type}`, cause);
      }
    },
    { signal },
  );
}

/** The smallest module: magic number and version. */
const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Compiling anything at all fails if the page's policy forbids it. */
function requireWebAssembly(file: FileRequest): void {
  try {
    new WebAssembly.Module(emptyModule);
  } catch (cause) {
    throw unavailable(
      file,
      `this page may not compile WebAssembly: add 'wasm-unsafe-eval' to script-src of its Content-Security-Policy`,
      cause,
    );
  }
}
