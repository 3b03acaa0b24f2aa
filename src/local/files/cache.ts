import { timeout } from '../../util/timeout.ts';
import { pageLimits } from '../limits.ts';

const cacheName = 'unlabel';

/** The headers that are stored with a file. Others do not matter here, and `Vary` would hide the file. */
export function storedHeaders(headers: Headers): [string, string][] {
  return ['content-type', 'etag'].flatMap((name): [string, string][] => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  });
}

/** Files kept for the next visit. If storage is denied, full or does not answer, nothing is kept and nothing fails. */
export interface FileCache {
  /** Reads a file; undefined if there is none or `read` throws. */
  get<T>(url: URL, read: (file: Response) => Promise<T>): Promise<T | undefined>;
  /** Stores a file, and deletes other versions of it. */
  put(url: URL, file: Response): Promise<void>;
  delete(url: URL): Promise<void>;
}

/** The page's Cache API. Once it has not answered in time, it is not asked again. */
export function createBrowserCache(): FileCache {
  let stalled = false;

  async function attempt<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
    if (stalled) return undefined;
    const late = () => {
      stalled = true;
      return new Error('The Cache API does not answer');
    };
    try {
      return await timeout(caches.open(cacheName).then(work), pageLimits.cacheMs, late);
    } catch {
      return undefined;
    }
  }

  return {
    get: (url, read) =>
      attempt(async (cache) => {
        const file = await cache.match(url);
        return file && read(file);
      }),
    put: (url, { body, headers }) =>
      attempt(async (cache) => {
        await cache.put(url, new Response(body, { headers: storedHeaders(headers) }));
        for (const { url: other } of await cache.keys())
          if (other !== url.href && versionless(other) === versionless(url)) await cache.delete(other);
      }),
    delete: (url) => attempt(async (cache) => void (await cache.delete(url))),
  };
}

/** Stores nothing. */
export const noCache: FileCache = {
  get: async () => undefined,
  put: async () => {},
  delete: async () => {},
};

/**
 * An address without what differs between versions of a file: the hash of weights, the folder of the runtime. All else
 * tells files apart, such as the model of a gallery.
 */
export function versionless(address: string | URL): string {
  const url = new URL(address);
  url.searchParams.delete('sha256');
  url.pathname = url.pathname.replace(/\/runtime\/[^/]+\//, '/runtime/');
  return url.href;
}
