import { UnlabelError } from '../../contract/errors.ts';
import { LoadedIndex } from '../../vectors/loaded-index.ts';
import type { Access } from './access.ts';
import { checkAnswer, unreachable } from './responses.ts';

/**
 * Gets a namespace as one file: from the network where it has changed, the stored copy where it has not, or where the
 * network fails or answers 5xx.
 *
 * @returns undefined while the namespace is empty.
 * @throws UnlabelError `unauthorized`, `forbidden`, `not_supported`, or `model_unavailable` for what cannot be reached.
 */
export async function getIndex(
  url: URL,
  { stored, headers, signal }: Access & { signal: AbortSignal },
): Promise<LoadedIndex | undefined> {
  const copy = await stored.get(url);
  // What was damaged in the store is as good as none.
  const kept = copy && (await read(copy).catch(() => undefined));
  try {
    const conditional = new Headers(headers);
    const etag = kept && copy.headers.get('etag');
    if (etag) conditional.set('if-none-match', etag);
    const response = await fetch(url, { headers: conditional, signal, cache: 'no-store' });
    if (response.status === 404) {
      await stored.delete(url);
      return undefined;
    }
    if (response.status === 304 && kept) return kept;
    if (response.status === 501)
      throw new UnlabelError('not_supported', 'This deployment gives no namespace as a file');
    const index = await read(checkAnswer(response.clone(), 'The index'));
    void stored.put(url, response);
    return index;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UnlabelError && error.code !== 'model_unavailable') throw error;
    if (kept) return kept;
    throw error instanceof UnlabelError ? error : unreachable('The index', error);
  }
}

async function read(response: Response): Promise<LoadedIndex> {
  return new LoadedIndex(new Uint8Array(await response.arrayBuffer()));
}
