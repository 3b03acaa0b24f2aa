import { UnlabelError } from '../../contract/errors.ts';
import type { Manifest, ModelFile } from '../../contract/manifest.ts';
import { parseManifest } from '../../inference/manifest.ts';
import { sha256 } from '../../util/sha256.ts';
import { createShare, type Sharer } from '../../util/share.ts';
import type { Progress } from '../options.ts';
import type { Deployment } from './deployment.ts';
import { download, requireOk, unreachable } from './download.ts';

/** Milliseconds to wait for the network if there is a stored copy to fall back on. */
const manifestTimeout = 5_000;

/**
 * Gets the manifest: from the network, so that a new version of the model is noticed; the stored copy if the network
 * fails, is slow or answers 5xx.
 *
 * @throws UnlabelError `model_not_found`, `unauthorized`, `forbidden` or `model_unavailable`.
 */
export async function getManifest(
  { manifestUrl, headers, cache }: Deployment,
  signal: AbortSignal,
): Promise<Manifest> {
  const copy = await cache.get(manifestUrl);
  try {
    const limit = copy ? AbortSignal.any([signal, AbortSignal.timeout(manifestTimeout)]) : signal;
    const response = await fetch(manifestUrl, { headers, signal: limit, cache: 'no-cache' });
    const manifest = parseManifest(await requireOk(response, 'The manifest').clone().text());
    void cache.put(manifestUrl, response);
    return manifest;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnlabelError && error.code !== 'model_unavailable') throw error;
    if (copy) return parseManifest(await copy.text());
    throw error instanceof UnlabelError ? error : unreachable('The manifest', error);
  }
}

type Weights = Uint8Array<ArrayBuffer>;
const shareWeights = createShare<Weights, Progress>();

/**
 * Gets the weights whose hash the manifest has: the stored copy, or from the network. Concurrent callers in a page
 * share one download; none of them may change or transfer the bytes.
 *
 * @throws UnlabelError `model_unavailable`, also for bytes of another hash; the reason of the signal.
 */
export function getWeights(
  { weightsUrl, headers, cache: files }: Deployment,
  file: ModelFile,
  sharer: Sharer<Progress>,
): Promise<Weights> {
  const url = weightsUrl(file);
  return shareWeights(
    url.href,
    async ({ signal, onProgress }) => {
      const copy = await files.get(url);
      if (copy) {
        const bytes = new Uint8Array(await copy.arrayBuffer());
        if ((await sha256(bytes)) === file.sha256) {
          onProgress?.({ loaded: file.bytes, total: file.bytes });
          return bytes;
        }
        await files.delete(url);
      }
      // The damaged copy may be in the browser's HTTP cache: the second attempt bypasses it.
      for (const cache of ['default', 'reload'] as const) {
        const bytes = await download(url, file.bytes, { headers, cache, signal, onProgress });
        if ((await sha256(bytes)) !== file.sha256) continue;
        void files.put(url, new Response(bytes));
        return bytes;
      }
      throw new UnlabelError('model_unavailable', `${file.file} does not have the hash of its manifest`);
    },
    sharer,
  );
}

const shareRuntimes = createShare<WebAssembly.Module, never>();

/**
 * Gets a `.wasm` file of onnxruntime-web, compiled: the stored copy, or from the network. Concurrent callers in a
 * page share it.
 *
 * @param version - of onnxruntime-web.
 * @throws UnlabelError `model_unavailable`; the reason of the signal.
 */
export function getRuntime(
  { runtimeUrl, cache }: Deployment,
  version: string,
  file: string,
  signal: AbortSignal,
): Promise<WebAssembly.Module> {
  const url = runtimeUrl(version, file);
  return shareRuntimes(
    url.href,
    async ({ signal }) => {
      const copy = await cache.get(url);
      const compiled = copy && (await compile(copy).catch(() => undefined));
      if (compiled) return compiled;
      try {
        const response = await fetch(url, { signal });
        if (!response.ok)
          throw new UnlabelError(
            'model_unavailable',
            `The runtime ${url.pathname} was answered with HTTP ${response.status}: the deployment may have another version of onnxruntime-web`,
          );
        const copy = response.clone();
        const module = await compile(response);
        void cache.put(url, copy);
        return module;
      } catch (error) {
        signal.throwIfAborted();
        throw error instanceof UnlabelError ? error : unreachable('The runtime', error);
      }
    },
    { signal },
  );
}

/** Compiles while the bytes arrive; afterwards if the server sent another media type. */
async function compile(response: Response): Promise<WebAssembly.Module> {
  return response.headers.get('content-type') === 'application/wasm'
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
}
