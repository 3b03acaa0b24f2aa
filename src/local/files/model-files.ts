import type { UnlabelError } from '../../contract/errors.ts';
import type { Manifest, ModelFile } from '../../contract/manifest.ts';
import { parseManifest } from '../../inference/manifest.ts';
import { sha256 } from '../../util/sha256.ts';
import { createShare, type Sharer } from '../../util/share.ts';
import { pageLimits } from '../limits.ts';
import type { Progress } from '../options.ts';
import { noCache } from './cache.ts';
import type { Deployment } from './deployment.ts';
import { download, type FileRequest, readBody, request, requireOk, unavailable } from './download.ts';

/**
 * Gets the manifest: from the network, so that a new version of the model is noticed; the stored copy if the network
 * fails, is slow, or answers 5xx or with something other than a manifest.
 *
 * @throws UnlabelError `model_not_found`, `unauthorized`, `forbidden` or `model_unavailable`.
 */
export async function getManifest(
  { manifestUrl: url, cache, keyFor, keyHint }: Deployment,
  signal: AbortSignal,
): Promise<Manifest> {
  const copy = await cache.get(url, async (file) => parseManifest(await file.text()));
  const file: FileRequest = { url, what: 'The manifest', signal, apiKey: keyFor(url), cache: 'no-cache' };
  if (copy) file.stallMs = pageLimits.staleMs;
  try {
    const response = requireOk(await request(file), file, keyHint(url));
    const body = await readBody(response, pageLimits.manifestBytes, file);
    const manifest = parse(await body.text(), file);
    void cache.put(url, new Response(body, { headers: response.headers }));
    return manifest;
  } catch (error) {
    if (copy && (error as Partial<UnlabelError>).code === 'model_unavailable') return copy;
    throw error;
  }
}

function parse(text: string, file: FileRequest): Manifest {
  try {
    return parseManifest(text);
  } catch (error) {
    throw unavailable(file, (error as Error).message, error);
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
  { weightsUrl, keyFor, cache: files }: Deployment,
  { bytes, sha256: expected, ...rest }: ModelFile,
  sharer: Sharer<Progress>,
): Promise<Weights> {
  const url = weightsUrl({ bytes, sha256: expected, ...rest });
  const apiKey = keyFor(url);
  return shareWeights(
    // Callers with another key or without the cache do not share: the key may be refused, the file must be stored.
    JSON.stringify([url, apiKey, files === noCache]),
    async ({ signal, onProgress, until }) => {
      const file: FileRequest = { url, what: 'The weights', signal, apiKey };
      if (!globalThis.crypto?.subtle)
        throw unavailable(
          file,
          'this page has no crypto.subtle to check their hash with, as it is not a secure context: serve it by https or from localhost',
        );
      const copy = await files.get(url, async (stored) => new Uint8Array(await stored.arrayBuffer()));
      if (copy && (await sha256(copy)) === expected) {
        onProgress({ loaded: bytes, total: bytes });
        return copy;
      }
      if (copy) await files.delete(url);
      let hash = '';
      // The damaged copy may be in the browser's HTTP cache: the second attempt bypasses it.
      for (const cache of ['default', 'reload'] as const) {
        const weights = await download({ ...file, cache }, bytes, onProgress);
        hash = await sha256(weights);
        if (hash !== expected) continue;
        until(files.put(url, new Response(weights)));
        return weights;
      }
      throw unavailable(file, `the hash of its manifest is SHA-256 ${expected}, but the file has ${hash}`);
    },
    sharer,
  );
}
