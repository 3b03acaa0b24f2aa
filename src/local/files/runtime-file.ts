import { createShare } from '../../util/share.ts';
import { noCache } from './cache.ts';
import type { Deployment } from './deployment.ts';
import { type FileRequest, failure, request, requireOk, unavailable } from './download.ts';

const shareRuntimes = createShare<WebAssembly.Module, never>();

/**
 * Gets a `.wasm` file of onnxruntime-web compiled: the stored copy, or from the network. Concurrent callers in a page share
 * it.
 *
 * @param version - of onnxruntime-web.
 * @throws UnlabelError `model_unavailable`; the reason of the signal.
 */
export function getRuntime(
  { runtimeUrl, cache }: Deployment,
  version: string,
  name: string,
  compile: (file: Response) => Promise<WebAssembly.Module>,
  signal: AbortSignal,
): Promise<WebAssembly.Module> {
  const url = runtimeUrl(version, name);
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
