import { UnlabelError } from '../../contract/errors.ts';
import { LoadedIndex } from '../../vectors/loaded-index.ts';
import { pageLimits } from '../limits.ts';
import type { Deployment } from './deployment.ts';
import { type FileRequest, readBody, request, requireOk, unavailable } from './download.ts';

/**
 * Gets a namespace as one file: from the network if it has changed; the stored copy if it has not, or if the network
 * fails, or answers 5xx or with something other than a namespace.
 *
 * @param model - whose gallery, if it is that namespace.
 * @returns undefined while the namespace is empty.
 * @throws UnlabelError `unauthorized`, `forbidden`, `not_supported`, or `model_unavailable` if it cannot be had.
 */
export async function getIndex(
  { indexUrl, keyFor, cache }: Deployment,
  namespace: string,
  model: string,
  signal: AbortSignal,
): Promise<LoadedIndex | undefined> {
  const url = indexUrl(namespace, model);
  // A damaged copy counts as none.
  const stored = await cache.get(url, async (file) => ({
    index: await read(await file.blob()),
    etag: file.headers.get('etag'),
  }));
  const file: FileRequest = { url, what: 'The index', signal, apiKey: keyFor(url), cache: 'no-store' };
  if (stored) file.stallMs = pageLimits.staleMs;
  if (stored?.etag) file.headers = { 'if-none-match': stored.etag };
  try {
    const response = await request(file);
    if (response.status === 304 && stored) return stored.index;
    if (response.status === 404) {
      await requireEmpty(response, file);
      await cache.delete(url);
      return undefined;
    }
    const body = await readBody(requireOk(response, file), pageLimits.indexBytes, file);
    const index = await read(body).catch((cause) => {
      const type = response.headers.get('content-type');
      throw unavailable(file, `${(cause as Error).message}, but ${type}`, cause);
    });
    void cache.put(url, new Response(body, { headers: response.headers }));
    return index;
  } catch (error) {
    if (stored && (error as Partial<UnlabelError>).code === 'model_unavailable') return stored.index;
    throw error;
  }
}

/** A 404 means an empty namespace only in the words of the service: a proxy or another site answers 404 too. */
async function requireEmpty(response: Response, file: FileRequest): Promise<void> {
  const body = await readBody(response, pageLimits.manifestBytes, file);
  const { code, detail } = parse(await body.text());
  if (code === 'not_found') return;
  if (code === 'model_not_found') throw new UnlabelError(code, `${detail}: ${file.url}`);
  throw unavailable(file, 'HTTP 404 of another site or of a proxy');
}

function parse(text: string): { code?: unknown; detail?: unknown } {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

async function read(file: Blob): Promise<LoadedIndex> {
  return new LoadedIndex(new Uint8Array(await file.arrayBuffer()));
}
