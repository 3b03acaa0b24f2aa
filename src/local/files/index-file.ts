import { UnlabelError } from '../../contract/errors.ts';
import { LoadedIndex } from '../../vectors/loaded-index.ts';
import type { Deployment } from './deployment.ts';
import { requireOk, unreachable } from './download.ts';

/**
 * Gets a namespace as one file: from the network if it has changed; the stored copy if it has not, or if the network
 * fails or answers 5xx.
 *
 * @param model - whose gallery, if it is that namespace.
 * @returns undefined while the namespace is empty.
 * @throws UnlabelError `unauthorized`, `forbidden`, `not_supported`, or `model_unavailable` if it cannot be reached.
 */
export async function getIndex(
  { indexUrl, headers, cache }: Deployment,
  namespace: string,
  model: string,
  signal: AbortSignal,
): Promise<LoadedIndex | undefined> {
  const url = indexUrl(namespace, model);
  const copy = await cache.get(url);
  // A damaged copy counts as none.
  const stored = copy && (await read(copy).catch(() => undefined));
  try {
    const conditional = new Headers(headers);
    const etag = stored && copy.headers.get('etag');
    if (etag) conditional.set('if-none-match', etag);
    const response = await fetch(url, { headers: conditional, signal, cache: 'no-store' });
    if (response.status === 404) {
      await cache.delete(url);
      return undefined;
    }
    if (response.status === 304 && stored) return stored;
    if (response.status === 501)
      throw new UnlabelError('not_supported', 'This deployment does not export namespaces as files');
    const index = await read(requireOk(response.clone(), 'The index'));
    void cache.put(url, response);
    return index;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnlabelError && error.code !== 'model_unavailable') throw error;
    if (stored) return stored;
    throw error instanceof UnlabelError ? error : unreachable('The index', error);
  }
}

async function read(response: Response): Promise<LoadedIndex> {
  return new LoadedIndex(new Uint8Array(await response.arrayBuffer()));
}
