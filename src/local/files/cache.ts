const cacheName = 'unlabel';

/** Files kept for the next visit. Where storage is denied or full, nothing is kept and nothing fails. */
export interface FileCache {
  get(url: URL): Promise<Response | undefined>;
  /** Stores a file, and deletes other versions of it. */
  put(url: URL, response: Response): Promise<void>;
  delete(url: URL): Promise<void>;
}

/** The page's Cache API. */
export const browserCache: FileCache = {
  get: (url) => attempt((cache) => cache.match(url)),
  put: (url, response) =>
    attempt(async (cache) => {
      await cache.put(url, response);
      for (const { url: other } of await cache.keys())
        if (other !== url.href && versionless(other) === versionless(url)) await cache.delete(other);
    }),
  delete: (url) => attempt(async (cache) => void (await cache.delete(url))),
};

/** Stores nothing. */
export const noCache: FileCache = {
  get: async () => undefined,
  put: async () => {},
  delete: async () => {},
};

async function attempt<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
  try {
    return await work(await caches.open(cacheName));
  } catch {
    return undefined;
  }
}

/** An address without what tells versions apart: the hash of weights, the folder of the runtime. */
function versionless(address: string | URL): string {
  const { origin, pathname } = new URL(address);
  return origin + pathname.replace(/\/runtime\/[^/]+\//, '/runtime/');
}
