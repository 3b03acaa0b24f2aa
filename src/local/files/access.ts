import type { LocalOptions } from '../options.ts';
import { cacheStorage, noStorage, type Stored } from './cache.ts';

/** How files of a deployment are asked for, and where they are kept. */
export interface Access {
  stored: Stored;
  headers: Headers;
}

export function accessOf({ cache = true, apiKey }: LocalOptions): Access {
  return {
    stored: cache ? cacheStorage : noStorage,
    headers: new Headers(apiKey ? { authorization: `Bearer ${apiKey}` } : undefined),
  };
}
