import { UnlabelError } from '../../contract/errors.ts';
import type { Stored } from './cache.ts';
import { unreachable } from './responses.ts';
import { createShare } from './share.ts';

const share = createShare<WebAssembly.Module>();

/**
 * Gets a `.wasm` file, stored or from the network, compiled as it arrives. Concurrent callers in a page share it.
 *
 * @throws UnlabelError `model_unavailable`; the reason of the signal.
 */
export function getRuntime(
  url: URL,
  { stored, signal }: { stored: Stored; signal: AbortSignal },
): Promise<WebAssembly.Module> {
  return share(
    url.href,
    async ({ signal }) => {
      const copy = await stored.get(url);
      const stale = copy && (await compile(copy).catch(() => undefined));
      if (stale) return stale;
      try {
        const response = await fetch(url, { signal });
        if (!response.ok)
          throw new UnlabelError(
            'model_unavailable',
            `The runtime ${url.pathname} was answered with HTTP ${response.status}: the deployment may have another version of onnxruntime-web`,
          );
        const keep = response.clone();
        const module = await compile(response);
        void stored.put(url, keep);
        return module;
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof UnlabelError ? error : unreachable('The runtime', error);
      }
    },
    { signal },
  );
}

/** Compiles while the bytes arrive; where a server has named another media type, after. */
async function compile(response: Response): Promise<WebAssembly.Module> {
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
