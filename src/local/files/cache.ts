const cacheName = 'unlabel';

/** Answers kept for the next visit. Where storage is denied or full, nothing is kept and nothing fails. */
export interface Stored {
  get(url: URL): Promise<Response | undefined>;
  /** Keeps an answer, and drops those of the same file of another version. */
  put(url: URL, response: Response): Promise<void>;
  delete(url: URL): Promise<void>;
}

/** The page's Cache API. */
export const cacheStorage: Stored = {
  get: (url) => quietly((cache) => cache.match(url)),
  put: (url, response) =>
    quietly(async (cache) => {
      await cache.put(url, response);
      for (const { url: other } of await cache.keys())
        if (other !== url.href && versionless(other) === versionless(url)) await cache.delete(other);
    }),
  delete: (url) => quietly(async (cache) => void (await cache.delete(url))),
};

/** Keeps nothing. */
export const noStorage: Stored = {
  get: async () => undefined,
  put: async () => {},
  delete: async () => {},
};

async function quietly<T>(work: (cache: Cache) => Promise<T>): Promise<T | undefined> {
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
