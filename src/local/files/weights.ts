import { UnlabelError } from '../../contract/errors.ts';
import type { ModelFile } from '../../contract/manifest.ts';
import { sha256 } from '../../util/sha256.ts';
import type { Stored } from './cache.ts';
import { download } from './download.ts';
import { createShare, type Sharer } from './share.ts';

type Weights = Uint8Array<ArrayBuffer>;
const share = createShare<Weights>();

/**
 * Gets the weights whose hash the manifest names: stored, or downloaded and then stored. Concurrent callers in a page
 * share one download; none of them may change or transfer the bytes.
 *
 * @throws UnlabelError `model_unavailable`, also for bytes of another hash; the reason of the signal.
 */
export function getWeights(
  url: URL,
  file: ModelFile,
  { stored, headers, ...sharer }: Sharer & { stored: Stored; headers: HeadersInit },
): Promise<Weights> {
  return share(
    url.href,
    async ({ signal, onProgress }) => {
      const whole = { loaded: file.bytes, total: file.bytes };
      const copy = await stored.get(url);
      if (copy) {
        const bytes = new Uint8Array(await copy.arrayBuffer());
        if ((await sha256(bytes)) === file.sha256) {
          onProgress?.(whole);
          return bytes;
        }
        await stored.delete(url);
      }
      // What the browser's own cache holds may be what is damaged: the second attempt goes past it.
      for (const cache of ['default', 'reload'] as const) {
        const bytes = await download(url, file.bytes, { headers, cache, signal, onProgress });
        if ((await sha256(bytes)) !== file.sha256) continue;
        void stored.put(url, new Response(bytes));
        return bytes;
      }
      throw new UnlabelError('model_unavailable', `${file.file} does not have the hash of its manifest`);
    },
    sharer,
  );
}
